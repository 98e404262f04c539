import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { NonRetryableOriginError } from "./origin-errors.js";

/** Whether an IP address is on the public internet: not loopback, private, link-local or otherwise reserved. */
export const isPublicAddress = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address).range() === "unicast";

/**
 * Throws NonRetryableOriginError if the host of a URL is an IP address that is not public. Host names are checked by
 * `lookupPublic`.
 */
export function assertPublicHost({ hostname }: URL): void {
  const address = hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(address) && !isPublicAddress(address)) throw notPublic(address);
}

/**
 * Resolves a host name like `dns.lookup`, and fails if any of its addresses is not public. The connection is made to the
 * addresses that were checked, so that a second, different answer of the name server has no effect.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, "", 0);
    const rejected = addresses.find(({ address }) => !isPublicAddress(address));
    if (rejected !== undefined) return callback(notPublic(rejected.address), "", 0);
    if (options.all) return callback(null, addresses);
    const [{ address, family }] = addresses as [LookupAddress];
    callback(null, address, family);
  });
};

const notPublic = (address: string): NonRetryableOriginError =>
  new NonRetryableOriginError(
    "links to an address that is not public; add it to originAllowList to allow it",
    {
      cause: new Error(`refused to connect to ${address}`),
    },
  );
