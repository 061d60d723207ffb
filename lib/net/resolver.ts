/**
 * DNS, as policies ask it. Deno.resolveDns would not do: it says "not found"
 * for SERVFAIL and REFUSED too, and then a lookup that failed for now would
 * pass for a domain without a policy.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { fromBytes } from "../bytes.ts";
import { reason } from "../reason.ts";

export type RecordType = "A" | "AAAA" | "CNAME" | "MX" | "PTR" | "TXT";

export type Lookup =
  /**
   * Addresses, names without their last dot, `PREFERENCE NAME` of MX, and the
   * strings of a TXT joined to one byte string.
   */
  | { readonly type: "found"; readonly records: readonly string[] }
  /** No such records; `exists` is false if there is no such name at all. */
  | { readonly type: "none"; readonly exists: boolean }
  /** It cannot be told for now. */
  | { readonly type: "failed"; readonly reason: string };

/** Never rejects. */
export type Resolver = (name: string, type: RecordType) => Promise<Lookup>;

/** A recursive name server. */
export interface NameServer {
  readonly ip: string;
  readonly port: number;
}

const dnsPort = 53;
/** How long one server may take before the next is asked. */
const attemptMs = 2500;
const roundsLimit = 2;
/** RFC 1035 2.3.4. */
const nameLimit = 253;
const labelLimit = 63;

/**
 * Asks name servers in turn, by UDP, and by TCP what did not fit.
 *
 * @param seconds for one lookup, with all its attempts
 * @param servers asked anew for each lookup
 */
export function dnsResolver(
  seconds: number,
  servers: () => readonly NameServer[] = configuredServers,
): Resolver {
  return async (name, type) => {
    if (!isName(name)) return { type: "none", exists: false };
    const end = Date.now() + seconds * 1000;
    let failure = "no name server";
    const all = servers();
    for (let round = 0; round < roundsLimit; round++) {
      for (const server of all) {
        const ms = Math.min(attemptMs, end - Date.now());
        if (ms <= 0) return { type: "failed", reason: failure };
        try {
          const lookup = await ask(server, name, type, ms);
          if (lookup.type !== "failed") return lookup;
          failure = lookup.reason;
        } catch (error) {
          failure = reason(error);
        }
      }
    }
    return { type: "failed", reason: failure };
  };
}

/**
 * The servers in the environment variable DNSCACHEIP, as djbdns has it, else
 * those of resolv.conf(5), else the one on this machine.
 */
export function configuredServers(): NameServer[] {
  const given = Deno.env.get("DNSCACHEIP")?.split(/[\s,]+/) ?? [];
  const ips = given.filter(isIP);
  if (ips.length === 0) {
    let text = "";
    try {
      text = Deno.readTextFileSync("/etc/resolv.conf");
    } catch {
      // There is none.
    }
    for (const [, ip] of text.matchAll(/^nameserver\s+(\S+)/gm)) {
      if (isIP(ip)) ips.push(ip);
    }
  }
  if (ips.length === 0) ips.push("127.0.0.1");
  return ips.map((ip) => ({ ip: shortest(ip), port: dnsPort }));
}

/** An IPv6 address as the kernel writes it, to know its responses by. */
function shortest(ip: string): string {
  if (!ip.includes(":") || ip.includes("%")) return ip;
  return new URL(`http://[${ip}]`).hostname.slice(1, -1);
}

function isName(name: string): boolean {
  const plain = name.replace(/\.$/, "");
  return plain.length > 0 && plain.length <= nameLimit &&
    plain.split(".").every((label) =>
      label.length > 0 && label.length <= labelLimit
    );
}

/** The part of dns-packet that is used here. */
interface Packet {
  readonly id?: number;
  readonly type?: "query" | "response";
  readonly flags?: number;
  readonly rcode?: string;
  readonly flag_tc?: boolean;
  readonly questions?: readonly { name: string; type: string }[];
  // deno-lint-ignore no-explicit-any
  readonly answers?: readonly { type: string; data: any }[];
}

interface Codec {
  encode(packet: Packet): Uint8Array<ArrayBuffer>;
  decode(bytes: Uint8Array): Packet;
  readonly RECURSION_DESIRED: number;
}

let codec: Promise<Codec> | undefined;

async function ask(
  server: NameServer,
  name: string,
  type: RecordType,
  milliseconds: number,
): Promise<Lookup> {
  codec ??= import("dns-packet").then((module) =>
    (module.default ?? module) as unknown as Codec
  );
  const { encode, decode, RECURSION_DESIRED } = await codec;
  const id = crypto.getRandomValues(new Uint16Array(1))[0];
  const query = encode({
    type: "query",
    id,
    flags: RECURSION_DESIRED,
    questions: [{ name, type }],
  });
  /** The response to this very query; null for anything else. */
  const read = (bytes: Uint8Array): Packet | null => {
    if (!isPlausible(bytes, id)) return null;
    let packet: Packet;
    try {
      // It wants a Buffer's methods.
      packet = decode(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      );
    } catch {
      return null;
    }
    const question = packet.questions?.[0];
    return packet.type === "response" &&
        question?.type === type && sameName(question.name, name)
      ? packet
      : null;
  };
  const ends = Date.now() + milliseconds;
  const short = await overUdp(server, query, read, milliseconds);
  const packet = short.flag_tc
    ? await overTcp(server, query, read, Math.max(1, ends - Date.now()))
    : short;
  return lookupOf(packet, type);
}

/**
 * Whether it is worth decoding: ours, and with room for all the records that
 * it says it has (RFC 1035 4.1.1 and 4.1.3). dns-packet would make up the rest.
 */
function isPlausible(bytes: Uint8Array, id: number): boolean {
  const headerBytes = 12, recordBytesLeast = 11;
  if (bytes.length < headerBytes) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records = view.getUint16(6) + view.getUint16(8) + view.getUint16(10);
  return view.getUint16(0) === id && view.getUint16(4) === 1 &&
    records * recordBytesLeast <= bytes.length - headerBytes;
}

function sameName(a: string, b: string): boolean {
  const plain = (name: string) => name.replace(/\.$/, "").toLowerCase();
  return plain(a) === plain(b);
}

function lookupOf(packet: Packet, type: RecordType): Lookup {
  const exists = packet.rcode === "NOERROR";
  if (!exists && packet.rcode !== "NXDOMAIN") {
    return { type: "failed", reason: `the name server says ${packet.rcode}` };
  }
  // The server has followed aliases: their records stand before the answer.
  const records = (packet.answers ?? [])
    .filter((record) => record.type === type)
    .map(({ data }) => {
      if (type === "MX") return `${data.preference} ${data.exchange}`;
      if (type !== "TXT") return String(data);
      return [data].flat().map((piece) => fromBytes(piece)).join("");
    });
  return records.length > 0
    ? { type: "found", records }
    : { type: "none", exists };
}

type Read = (bytes: Uint8Array) => Packet | null;

async function overUdp(
  server: NameServer,
  query: Uint8Array<ArrayBuffer>,
  read: Read,
  milliseconds: number,
): Promise<Packet> {
  // A socket, and so a port, of its own: harder to guess.
  const socket = Deno.listenDatagram({
    transport: "udp",
    hostname: server.ip.includes(":") ? "::" : "0.0.0.0",
    port: 0,
  });
  const timer = setTimeout(() => socket.close(), milliseconds);
  try {
    await socket.send(query, {
      transport: "udp",
      hostname: server.ip,
      port: server.port,
    });
    for await (const [bytes, from] of socket) {
      const { hostname, port } = from as Deno.NetAddr;
      if (hostname !== server.ip || port !== server.port) continue;
      const packet = read(bytes);
      if (packet) return packet;
    }
    throw new Error("the name server does not answer");
  } finally {
    clearTimeout(timer);
    try {
      socket.close();
    } catch {
      // The timer did.
    }
  }
}

async function overTcp(
  server: NameServer,
  query: Uint8Array<ArrayBuffer>,
  read: Read,
  milliseconds: number,
): Promise<Packet> {
  const silent = () => new Error("the name server does not answer over TCP");
  const connecting = Deno.connect({ hostname: server.ip, port: server.port });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), milliseconds);
  });
  try {
    const conn = await Promise.race([connecting, late]);
    if (conn === null) throw silent();
    const framed = new Uint8Array(2 + query.length);
    new DataView(framed.buffer).setUint16(0, query.length);
    framed.set(query, 2);
    await conn.write(framed);
    const bytes = await Promise.race([readFrame(conn), late]);
    const packet = bytes && read(bytes);
    if (!packet) throw silent();
    return packet;
  } finally {
    clearTimeout(timer);
    connecting.then((conn) => conn.close(), () => {});
  }
}

/** A message after its length (RFC 1035 4.2.2); null when it is cut short. */
async function readFrame(conn: Deno.Conn): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(2 + 0xffff);
  let have = 0, want = 2;
  while (have < want) {
    // A connection that is closed under a read ends it.
    const n = await conn.read(bytes.subarray(have, want)).catch(() => null);
    if (n === null) return null;
    have += n;
    if (have === 2) want = 2 + (bytes[0] << 8 | bytes[1]);
  }
  return bytes.subarray(2, want);
}
