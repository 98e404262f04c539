import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { DetailedError, Upload } from "tus-js-client";
import { UPLOAD_PATH, UPLOADED_ID_HEADER } from "../../protocol/upload.js";

export interface UploadFileOptions {
  /** Name that is sent; default: that of the file. */
  readonly filename?: string;
  readonly folder?: string;
}

/** What became of an upload: the id of the video, or why it was rejected. */
export type UploadOutcome = { readonly id: string } | { readonly status: number; readonly code: string };

/** Uploads a file with tus-js-client, without retries. */
export async function uploadFile(
  serverUrl: string,
  path: string,
  { filename = basename(path), folder = "" }: UploadFileOptions = {},
): Promise<UploadOutcome> {
  const bytes = await readFile(path);
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: new URL(UPLOAD_PATH, serverUrl).href,
      retryDelays: null,
      storeFingerprintForResuming: false,
      metadata: { filename, folder },
      onSuccess: ({ lastResponse }) =>
        resolve({ id: uploadedId(lastResponse.getHeader(UPLOADED_ID_HEADER)) }),
      onError: (error) => {
        const response = error instanceof DetailedError ? error.originalResponse : null;
        if (response === null) return reject(error);
        resolve({ status: response.getStatus(), code: JSON.parse(response.getBody()).error.code });
      },
    });
    upload.start();
  });
}

const uploadedId = (header: string | undefined): string => decodeURIComponent(header ?? "");
