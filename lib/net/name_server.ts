/**
 * One question to one name server: by UDP, and by TCP what did not fit. It
 * may be anybody's, so nothing that it sends is worth more than a short time.
 *
 * @module
 */
import { ClientSocket } from "../sys/client_socket.ts";
import type { Lookup, Query } from "./dns_codec.ts";

/** A recursive name server. */
export interface NameServer {
  readonly ip: string;
  readonly port: number;
}

/** As long as a datagram can be; what nobody writes to takes no memory. */
const datagramBytes = 65536;
/** One that sends more has to wait for the event loop's next turn. */
const turnDatagrams = 16;
/** One that sends more that is no answer to the question is given up. */
const lookupDatagrams = 100;

/** One buffer for all: what has come is read before anybody else's turn. */
const input = new Uint8Array(new ArrayBuffer(datagramBytes));

/**
 * The server's answer; null if there is none in time.
 *
 * @param end of the time, on performance.now()'s clock
 * @throws Error, such as: nobody listens there
 */
export async function ask(
  server: NameServer,
  query: Query,
  end: number,
): Promise<Lookup | null> {
  const answer = await askUdp(server, query, end);
  return answer?.type === "truncated"
    ? await askTcp(server, query, end)
    : answer;
}

async function askUdp(
  server: NameServer,
  query: Query,
  end: number,
): Promise<ReturnType<Query["read"]>> {
  const socket = ClientSocket.connect("udp", server);
  try {
    if (!await socket.send(query.bytes, end)) return null;
    for (let seen = 0; seen < lookupDatagrams;) {
      if (!await socket.arrival(end)) return null;
      for (const turn = seen + turnDatagrams; seen < turn; seen++) {
        const n = socket.receiveNow(input);
        if (n === null) break;
        const answer = query.read(input.subarray(0, n));
        if (answer) return answer;
      }
    }
    throw new Error("the name server sends what it was not asked for");
  } finally {
    socket.close();
  }
}

/** RFC 1035 4.2.2: the length goes before the message. */
async function askTcp(
  server: NameServer,
  query: Query,
  end: number,
): Promise<Lookup | null> {
  const socket = ClientSocket.connect("tcp", server);
  const receive = async (length: number) => {
    const bytes = new Uint8Array(new ArrayBuffer(length));
    for (let at = 0; at < length;) {
      const n = await socket.receive(bytes.subarray(at), end);
      if (n === null) return null;
      if (n === 0) throw new Error("the name server closed early");
      at += n;
    }
    return bytes;
  };
  try {
    const framed = new Uint8Array(2 + query.bytes.length);
    new DataView(framed.buffer).setUint16(0, query.bytes.length);
    framed.set(query.bytes, 2);
    if (!await socket.send(framed, end)) return null;
    const length = await receive(2);
    const message = length && await receive(length[0] << 8 | length[1]);
    if (!message) return null;
    const answer = query.read(message);
    return answer === null || answer.type === "truncated"
      ? { type: "failed", reason: "the name server answers nonsense" }
      : answer;
  } finally {
    socket.close();
  }
}
