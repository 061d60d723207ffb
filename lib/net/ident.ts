/**
 * The ident protocol (RFC 1413): who owns the other end, by its own word.
 *
 * @module
 */

const identPort = 113;
/** RFC 1413 section 4: a reply line has at most 1000 characters. */
const replyBytes = 1000;

/**
 * Asks the client's ident server.
 *
 * @returns the user id with unprintable bytes cut out; "" if there is none
 */
export async function identify(
  remoteIp: string,
  remotePort: number,
  localPort: number,
  seconds: number,
): Promise<string> {
  let conn: Deno.TcpConn | undefined;
  const deadline = AbortSignal.timeout(seconds * 1000);
  try {
    const connecting = Deno.connect({ hostname: remoteIp, port: identPort });
    const late = new Promise<never>((_, no) => {
      deadline.addEventListener("abort", () => no(deadline.reason));
    });
    late.catch(() => {}); // a read may have failed first
    // A connection that comes too late is nobody's: close it.
    connecting.then((c) => deadline.aborted && c.close(), () => {});
    conn = await Promise.race([connecting, late]);
    deadline.addEventListener("abort", () => conn?.close());
    await conn.write(
      new TextEncoder().encode(`${remotePort} , ${localPort}\r\n`),
    );
    let reply = "";
    const buffer = new Uint8Array(256);
    while (!reply.includes("\n") && reply.length < replyBytes) {
      const n = await conn.read(buffer);
      if (n === null) break;
      reply += String.fromCharCode(...buffer.subarray(0, n));
    }
    const match = /^[^:]*:\s*USERID\s*:[^:]*:\s*([^\r\n]*)/.exec(reply);
    return match ? match[1].replace(/[^\x21-\x7e]/g, "") : "";
  } catch {
    return "";
  } finally {
    if (!deadline.aborted) conn?.close();
  }
}
