/** The decoding worker's script as a string. Written by scripts/bundle-player.mjs. */
export declare const WORKER_SOURCE: string;
