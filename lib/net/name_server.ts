/**
 * One question to one name server: by UDP, and by TCP what did not fit. It
 * may be anybody's, so nothing that it sends is worth more than a short time.
 *
 * @module
 */
import { ClientSocket } from "../sys/client_socket.ts";
import type { Query, Reply } from "./dns_codec.ts";

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
/** The same by TCP: the longest answer, cut small, comes in some 130 pieces. */
const lookupPieces = 1000;

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
): Promise<Reply | null> {
  const reply = await askUdp(server, query, end);
  return reply?.lookup.type === "truncated"
    ? await askTcp(server, query, end)
    : reply;
}

async function askUdp(
  server: NameServer,
  query: Query,
  end: number,
): Promise<Reply | null> {
  const socket = ClientSocket.connect("udp", server);
  try {
    if (!await socket.send(query.bytes, end)) return null;
    for (let seen = 0; seen < lookupDatagrams;) {
      if (!await socket.arrival(end)) return null;
      for (const turn = seen + turnDatagrams; seen < turn; seen++) {
        const n = socket.receiveNow(input);
        if (n === null) break;
        const reply = query.read(input.subarray(0, n));
        if (reply) return reply;
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
): Promise<Reply | null> {
  const socket = ClientSocket.connect("tcp", server);
  let pieces = 0;
  const receive = async (length: number) => {
    const bytes = new Uint8Array(new ArrayBuffer(length));
    for (let at = 0; at < length;) {
      if (++pieces > lookupPieces) {
        throw new Error("the name server sends its answer byte by byte");
      }
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
    const reply = query.read(message);
    if (reply === null || reply.lookup.type === "truncated") {
      throw new Error("the name server answers nonsense");
    }
    return reply;
  } finally {
    socket.close();
  }
}
