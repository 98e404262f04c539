import type { FastifyRequest } from "fastify";

/** Returns the path parameters of a request by their names in the route. */
export const pathParams = <Name extends string>(request: FastifyRequest): Readonly<Record<Name, string>> =>
  request.params as Readonly<Record<Name, string>>;

/** Returns a query parameter as text. The values of a repeated parameter are joined with commas. */
export const queryParam = (request: FastifyRequest, name: string): string | undefined => {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  return value === undefined ? undefined : String(value);
};
