/** Path of the tus endpoint below the catalog (https://tus.io). Each upload has a path below it. */
export const UPLOAD_PATH = "player/upload";

/** Header of the response to the last byte of an upload: the percent-encoded id of the video. */
export const UPLOADED_ID_HEADER = "siedd-video";

/** Metadata of an upload, the values of tus's header `Upload-Metadata`. */
export interface UploadMetadata {
  /** File name, which determines the id. */
  readonly filename: string;
  /** Id of the folder; empty for the first folder of the server. */
  readonly folder?: string;
}
