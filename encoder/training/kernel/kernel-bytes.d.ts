/** The compiled training kernel in base64; written by encoder/training/kernel/build.mjs. */
export declare const KERNEL: string;
/** The same with relaxed SIMD. */
export declare const RELAXED_KERNEL: string;
