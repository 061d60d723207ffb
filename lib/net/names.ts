/**
 * Names by DNS, each answer within a deadline and never trusted.
 *
 * @module
 */

/** Runs `ask` for at most `seconds`; null when it is late or fails. */
async function within<T>(
  seconds: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), seconds * 1000);
  });
  const answer = ask(abort.signal).catch(() => null);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/** in-addr.arpa or ip6.arpa name of an address (RFC 1035 3.5, RFC 3596 2.5). */
export function reverseName(ip: string): string {
  if (!ip.includes(":")) {
    return ip.split(".").reverse().join(".") + ".in-addr.arpa";
  }
  const [head, tail = ""] = ip.split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail.split(":").filter(Boolean);
  const middle = Array(8 - left.length - right.length).fill("0");
  const digits = [...left, ...middle, ...right]
    .map((group) => group.padStart(4, "0")).join("");
  return [...digits].reverse().join(".") + ".ip6.arpa";
}

/** The host name of an address, without its last dot; "" if there is none. */
export async function hostOf(ip: string, seconds: number): Promise<string> {
  const names = await within(
    seconds,
    (signal) => Deno.resolveDns(reverseName(ip), "PTR", { signal }),
  );
  const name = names?.[0]?.replace(/\.$/, "") ?? "";
  // What is not a plain name is nobody's: it would reach logs and children.
  return /^[\x21-\x7e]{1,255}$/.test(name) ? name : "";
}

/**
 * The first address of a host name, by the system's own rules (files, then
 * DNS); IPv4 before IPv6.
 *
 * @returns null if the name has none; throws when it cannot be told for now
 */
export async function addressOf(host: string): Promise<string | null> {
  const { lookup } = await import("node:dns/promises");
  try {
    const all = await lookup(host, { all: true });
    const first = all.find((each) => each.family === 4) ?? all[0];
    return first?.address ?? null;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOTFOUND") return null;
    throw error;
  }
}

/** Whether one of the name's addresses is the given one (`-p`). */
export async function leadsTo(
  host: string,
  ip: string,
  seconds: number,
): Promise<boolean> {
  const type = ip.includes(":") ? "AAAA" : "A";
  const addresses = await within(
    seconds,
    (signal) => Deno.resolveDns(host, type, { signal }),
  );
  return addresses?.includes(ip) ?? false;
}
