/**
 * HTTP without a proxy: who is asked is who was named, whatever the environment
 * says of the way to the rest of the world.
 *
 * @module
 */

/** The runtime's; it takes either case. */
const proxyVariables = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
  .flatMap((name) => [name, name.toLowerCase()]);

/** For `fetch`. */
export function directClient(): Deno.HttpClient {
  // It reads the environment while it is made, and at no other time.
  const found = proxyVariables.map((name) =>
    [name, Deno.env.get(name)] as const
  );
  try {
    for (const [name] of found) Deno.env.delete(name);
    return Deno.createHttpClient({});
  } finally {
    for (const [name, value] of found) {
      if (value !== undefined) Deno.env.set(name, value);
    }
  }
}
