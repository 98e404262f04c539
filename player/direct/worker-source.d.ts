/** The decoding worker as one script; written by scripts/build.mjs. */
export declare const WORKER_SOURCE: string;
