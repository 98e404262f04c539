import { DetailedError, type HttpResponse, Upload } from "tus-js-client";
import { formatBytes } from "../../../protocol/format-bytes.js";
import { UPLOAD_PATH, UPLOADED_ID_HEADER, type UploadMetadata } from "../../../protocol/upload.js";
import { encodeId, SIGNATURE_PARAMETER } from "../../../protocol/url-parameters.js";
import { create } from "../../dom.js";

/** Bytes per request. Proxies that buffer requests lose at most these when a connection is cut. */
const CHUNK_BYTES = 64 * 1024 * 1024;
/** Milliseconds before each attempt to go on. */
const RETRY_DELAYS_MS = [500, 1000, 2000, 5000, 10_000, 20_000, 30_000];

/** Uploads the files that are dropped on the page or chosen in its file input, one after the other. */
export class Uploader {
  readonly #root: URL;
  readonly #list: HTMLElement;
  readonly #onAdded: () => void;
  #last: Promise<void> = Promise.resolve();

  /**
   * @param section of the page, with a file input and a list
   * @param root URL of the catalog
   * @param onAdded called when a video is in the library
   */
  constructor(section: HTMLElement, root: URL, onAdded: () => void) {
    this.#root = root;
    this.#list = section.querySelector("ul") ?? section;
    this.#onAdded = onAdded;
    const input = section.querySelector("input");
    input?.addEventListener("change", () => {
      this.#addAll(input.files);
      // The same file can be chosen again.
      input.value = "";
    });
    acceptDrops((files) => this.#addAll(files));
    section.hidden = false;
  }

  #addAll(files: FileList | null): void {
    for (const file of files ?? []) this.#add(file);
  }

  #add(file: File): void {
    const row = new UploadRow(file.name);
    this.#list.append(row.element);
    const folder = new URL(location.href).searchParams.get("folder") ?? "";
    this.#last = this.#last.then(() => this.#upload(file, folder, row));
  }

  /** Resolves when the upload has ended, whatever the result. */
  async #upload(file: File, folder: string, row: UploadRow): Promise<void> {
    if (row.isCanceled) return;
    try {
      const response = await this.#send(file, folder, row);
      if (response === undefined) return;
      row.showAdded(this.#videoUrl(response.getHeader(UPLOADED_ID_HEADER) ?? ""));
      this.#onAdded();
    } catch (error) {
      row.showFailure(reasonOf(error), isFinal(error) ? undefined : () => this.#add(file));
    }
  }

  /** Sends a file, from where an earlier attempt has ended. Resolves to undefined if the viewer cancels. */
  #send(file: File, folder: string, row: UploadRow): Promise<HttpResponse | undefined> {
    const metadata = { filename: file.name, folder } satisfies UploadMetadata;
    return new Promise((resolve, reject) => {
      const upload = new Upload(file, {
        endpoint: new URL(UPLOAD_PATH, this.#root).href,
        chunkSize: CHUNK_BYTES,
        retryDelays: RETRY_DELAYS_MS,
        metadata,
        fingerprint: async ({ name, size, lastModified }: File) =>
          ["siedd", this.#root.href, folder, name, size, lastModified].join(" "),
        removeFingerprintOnSuccess: true,
        onProgress: (sent, total) => row.showProgress(sent, total),
        onSuccess: ({ lastResponse }) => resolve(lastResponse),
        onError: reject,
      });
      row.onCancel(() => {
        void upload.abort(true).catch(() => {});
        resolve(undefined);
      });
      upload.findPreviousUploads().then(([previous]) => {
        if (previous !== undefined) upload.resumeFromPreviousUpload(previous);
        if (!row.isCanceled) upload.start();
      }, reject);
    });
  }

  /** Returns the address of a video's page, with the signature of this page. */
  #videoUrl(encodedId: string): string {
    const url = new URL(`player/video/${encodeId(decodeURIComponent(encodedId))}`, this.#root);
    const signature = new URL(location.href).searchParams.get(SIGNATURE_PARAMETER);
    if (signature !== null) url.searchParams.set(SIGNATURE_PARAMETER, signature);
    return url.href;
  }
}

/** Whether the server rejects the file itself. */
function isFinal(error: unknown): boolean {
  const status = error instanceof DetailedError ? error.originalResponse?.getStatus() : undefined;
  return status === 400 || status === 413 || status === 422;
}

/** Returns the server's sentence, else one about the connection. */
function reasonOf(error: unknown): string {
  const body = error instanceof DetailedError ? error.originalResponse?.getBody() : undefined;
  try {
    return JSON.parse(body ?? "").error.message;
  } catch {
    return "The connection was lost. Retry to go on from the last byte that arrived.";
  }
}

/** Lets the whole page accept files. */
function acceptDrops(onFiles: (files: FileList) => void): void {
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const mark = (isDragging: boolean) => document.body.classList.toggle("dropping", isDragging);
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  document.addEventListener("drop", (event) => {
    mark(false);
    if (event.dataTransfer === null || !hasFiles(event)) return;
    event.preventDefault();
    onFiles(event.dataTransfer.files);
  });
}

/** The row of one upload: its name, progress and result. */
class UploadRow {
  readonly element = create("li");
  readonly #progress: HTMLProgressElement;
  /** Announced by screen readers; progress is not. */
  readonly #status = create("span", { role: "status" }, "waiting");
  readonly #bytes = create("span", { class: "about" });
  readonly #button = create("button", { type: "button", class: "button" }, "Cancel");
  #cancel = () => {};
  isCanceled = false;

  constructor(name: string) {
    this.#progress = create("progress", { max: "1", value: "0", "aria-label": `Upload of ${name}` });
    this.#button.setAttribute("aria-label", `Cancel the upload of ${name}`);
    this.#button.addEventListener("click", () => this.#stop(), { once: true });
    const text = create("p", {}, create("strong", {}, name), " ", this.#status, " ", this.#bytes);
    this.element.append(text, this.#button, this.#progress);
  }

  onCancel(cancel: () => void): void {
    this.#cancel = cancel;
  }

  showProgress(sent: number, total: number): void {
    this.#progress.value = sent / total;
    this.#bytes.textContent = `${formatBytes(sent)} of ${formatBytes(total)}`;
    const status = sent < total ? "uploading" : "checking the video";
    if (this.#status.textContent !== status) this.#status.textContent = status;
  }

  showAdded(url: string): void {
    this.#end();
    this.#status.replaceChildren(create("a", { href: url }, "added"));
  }

  /** @param onRetry undefined if another attempt would fail too */
  showFailure(reason: string, onRetry: (() => void) | undefined): void {
    this.#end();
    this.element.classList.add("failed");
    this.#status.textContent = reason;
    const button = create("button", { type: "button", class: "button" }, onRetry ? "Retry" : "Dismiss");
    button.addEventListener("click", () => {
      this.element.remove();
      onRetry?.();
    });
    this.element.append(button);
  }

  #stop(): void {
    this.isCanceled = true;
    this.#cancel();
    this.element.remove();
  }

  #end(): void {
    this.#progress.remove();
    this.#button.remove();
    this.#bytes.textContent = "";
  }
}
