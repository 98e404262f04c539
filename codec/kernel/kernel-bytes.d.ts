/** The compiled kernel in base64; written by codec/kernel/build.mjs. */
export declare const KERNEL: string;
