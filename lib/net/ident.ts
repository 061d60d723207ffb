/**
 * The ident protocol (RFC 1413): who owns the other end, by its own word.
 *
 * @module
 */
import { fromBytes, toBytes } from "../base/bytes.ts";
import type { Endpoint } from "../base/endpoint.ts";
import { ClientSocket } from "../sys/client_socket.ts";

const identPort = 113;
/** RFC 1413 section 4 allows 1000 characters before the end of a line. */
const replyBytes = 1500;
/** tcpserver cuts an answer there. */
const infoBytes = 257;

/**
 * Asks the client's ident server, from the address that the client came to:
 * it knows no other.
 *
 * @returns the user id, which may be empty; null if there was no answer
 */
export async function identify(
  local: Endpoint,
  remote: Endpoint,
  seconds: number,
): Promise<string | null> {
  const end = performance.now() + seconds * 1000;
  let socket: ClientSocket | undefined;
  try {
    socket = ClientSocket.connect(
      "tcp",
      { ...remote, port: identPort },
      { ...local, port: 0 },
    );
    const query = toBytes(`${remote.port} , ${local.port}\r\n`);
    if (!await socket.send(query, end)) return null;
    const buffer = new Uint8Array(new ArrayBuffer(replyBytes));
    for (let length = 0; length < replyBytes;) {
      const n = await socket.receive(buffer.subarray(length), end);
      if (!n) return null; // late, or an end before the answer's
      length += n;
      const info = userOf(fromBytes(buffer.subarray(0, length)));
      if (info !== null) return info;
    }
    return null;
  } catch {
    return null; // nobody there, or an address that is not ours (a proxy's)
  } finally {
    socket?.close();
  }
}

/**
 * The user in a reply, read as tcpserver does: what is after the third colon,
 * without blanks, up to the newline, a NUL or 257 bytes. So an ERROR reply is
 * an empty one. Any other byte that could do harm becomes `?`.
 *
 * @returns null while the reply is incomplete
 */
export function userOf(reply: string): string | null {
  const newline = reply.indexOf("\n");
  const line = newline < 0 ? reply : reply.slice(0, newline);
  const after = line.split(":").slice(3).join(":");
  const text = after.replace(/[ \t\r]/g, "").slice(0, infoBytes);
  if (newline < 0 && text.length < infoBytes) return null;
  return text.replace(/\0.*/s, "").replace(/[^\x21-\x7e]/g, "?");
}
