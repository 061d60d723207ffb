/**
 * A stub resolver. Deno's own answers for 127.0.0.0/8 and localhost by itself,
 * appends search domains to reverse names, and does not know DNSCACHEIP.
 *
 * @module
 */
import { isIPv4, isIPv6 } from "node:net";
import { ClientSocket } from "../posix/client_socket.ts";
import { attempt } from "./attempt.ts";
import {
  type Answer,
  decodeAnswer,
  type DnsType,
  encodeQuestion,
} from "./dns_message.ts";

const dnsPort = 53;
/** How long each server has, round by round; together tcpserver's 26 s. */
const roundSeconds = [1, 3, 11, 11];
/** RFC 1035 4.2.1; no larger ones are asked for. */
const udpBuffer = new Uint8Array(new ArrayBuffer(512));

/** What resolv.conf(5) says, as far as it concerns us. */
export interface ResolverSettings {
  readonly servers: readonly string[];
  /** Domains to try for a name without a dot. */
  readonly search: readonly string[];
}

/**
 * @param cacheIp DNSCACHEIP: djb's programs take the resolvers' addresses
 * from it, one or, with dots between, several
 */
export function resolverSettings(
  cacheIp: string | undefined,
  resolvConf: string,
): ResolverSettings {
  const servers: string[] = [];
  let search: string[] = [];
  for (const line of resolvConf.split("\n")) {
    const [key, ...values] = line.trim().split(/\s+/);
    if (key === "nameserver" && isIP(values[0] ?? "")) servers.push(values[0]);
    if (key === "search" || key === "domain") search = values;
  }
  const given = cacheIp === undefined
    ? []
    : isIPv6(cacheIp)
    ? [cacheIp]
    : (cacheIp.match(/\d+\.\d+\.\d+\.\d+/g) ?? []).filter((ip) => isIPv4(ip));
  if (given.length > 0) return { servers: given, search };
  return { servers: servers.length > 0 ? servers : ["127.0.0.1"], search };
}

const isIP = (text: string) => isIPv4(text) || isIPv6(text.split("%")[0]);

/** This machine's. */
export function systemSettings(): ResolverSettings {
  let resolvConf = "";
  try {
    resolvConf = Deno.readTextFileSync("/etc/resolv.conf");
  } catch {
    // Then the resolver is on this machine.
  }
  return resolverSettings(Deno.env.get("DNSCACHEIP"), resolvConf);
}

/**
 * Asks each server in turn, again and again, until one answers. One that
 * refuses or fails is not asked again.
 *
 * @returns the records' data, none if there are none; null if that cannot be
 * told, at the latest after `seconds`
 */
export async function resolve(
  name: string,
  type: DnsType,
  seconds: number,
  { servers } = systemSettings(),
): Promise<string[] | null> {
  const id = crypto.getRandomValues(new Uint16Array(1))[0];
  const question = encodeQuestion(id, name, type);
  if (!question) return [];
  const end = performance.now() + seconds * 1000;
  const failed = new Set<string>();
  for (const round of roundSeconds) {
    for (const server of servers) {
      if (failed.has(server)) continue;
      const now = performance.now();
      if (now >= end) return null;
      const answer = await ask(
        server,
        question,
        Math.min(end, now + round * 1000),
      );
      if (answer?.type === "data") return answer.data;
      if (answer) failed.add(server);
    }
  }
  return null;
}

/** One server's answer; null if it is silent. */
async function ask(
  server: string,
  question: Uint8Array<ArrayBuffer>,
  end: number,
): Promise<Answer | null> {
  try {
    const answer = await askUdp(server, question, end);
    return answer?.type === "truncated"
      ? await askTcp(server, question, end)
      : answer;
  } catch {
    return { type: "failure" }; // such as: nobody listens there
  }
}

async function askUdp(
  server: string,
  question: Uint8Array<ArrayBuffer>,
  end: number,
): Promise<Answer | null> {
  const socket = ClientSocket.connect("udp", { ip: server, port: dnsPort });
  try {
    socket.send(question);
    return await attempt(end, () => {
      for (;;) {
        const n = socket.receive(udpBuffer);
        if (n === null) return null;
        const answer = decodeAnswer(udpBuffer.subarray(0, n), question);
        if (answer) return answer; // else something that we did not ask for
      }
    });
  } finally {
    socket.close();
  }
}

/** RFC 1035 4.2.2: the length goes before the message. */
async function askTcp(
  server: string,
  question: Uint8Array<ArrayBuffer>,
  end: number,
): Promise<Answer | null> {
  const socket = ClientSocket.connect("tcp", { ip: server, port: dnsPort });
  const receive = async (length: number) => {
    const bytes = new Uint8Array(new ArrayBuffer(length));
    for (let at = 0; at < length;) {
      const n = await attempt(end, () => socket.receive(bytes.subarray(at)));
      if (n === null) return null;
      if (n === 0) throw new Error("closed early");
      at += n;
    }
    return bytes;
  };
  try {
    const framed = new Uint8Array(2 + question.length);
    framed.set([question.length >> 8, question.length & 255]);
    framed.set(question, 2);
    if (await attempt(end, () => socket.send(framed)) === null) return null;
    const length = await receive(2);
    const packet = length && await receive(length[0] << 8 | length[1]);
    if (!packet) return null;
    const answer = decodeAnswer(packet, question);
    return answer === null || answer.type === "truncated"
      ? { type: "failure" }
      : answer;
  } finally {
    socket.close();
  }
}
