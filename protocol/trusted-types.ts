/**
 * Name of the Trusted Types policy by which the player starts its workers. A page with
 * `require-trusted-types-for 'script'` allows it with `trusted-types siedd-player`.
 */
export const TRUSTED_TYPES_POLICY = "siedd-player";
