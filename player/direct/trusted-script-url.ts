import { TRUSTED_TYPES_POLICY } from "../../protocol/trusted-types.js";

/** The part of the Trusted Types API that the player uses (w3.org/TR/trusted-types). */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

const createPolicy = () => {
  try {
    const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
    return trustedTypes?.createPolicy(TRUSTED_TYPES_POLICY, { createScriptURL: (url) => url });
  } catch {
    // The page's CSP does not allow this policy. A default policy of the page may still accept the URL.
    return undefined;
  }
};

let policy: ReturnType<typeof createPolicy> | null = null;

/** Returns the URL of a script of the player in the form that `require-trusted-types-for 'script'` demands. */
export function trustedScriptUrl(url: string): string {
  if (policy === null) policy = createPolicy();
  return policy?.createScriptURL(url) ?? url;
}
