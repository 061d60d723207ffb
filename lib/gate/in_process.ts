/**
 * The gate to postern's own SMTP server: sessions run in this process, and a
 * connection number stands where tcpserver logs a pid.
 *
 * @module
 */
import { canonicalAddress } from "../base/ip.ts";
import { toBytes } from "../base/bytes.ts";
import { TcpStream } from "../net/tcp_stream.ts";
import { setBacklog } from "../sys/listener.ts";
import { keepThread } from "../sys/spare_thread.ts";
import { reason } from "../base/reason.ts";
import { Session } from "../smtp/session.ts";
import {
  type Admission,
  busyReply,
  deniedStatus,
  droppedStatus,
} from "./admission.ts";
import { AcceptFailures, type Gate, lastCallMs, type Place } from "./gate.ts";
import type { GateLog } from "./log.ts";
import type { GateOptions } from "./options.ts";
import type { Slots } from "./slots.ts";
import { type Ends, noHeader, readProxied } from "./proxied.ts";
import { type Stream, writeAll } from "../base/stream.ts";
import { drive } from "../smtpd/driver.ts";
import { TlsAccess } from "../smtpd/services.ts";
import {
  type Ready,
  type SmtpdOptions,
  SmtpSettings,
  unreadableControls,
} from "../smtpd/settings.ts";

/** What all sessions of a gate have in common. */
export interface Sessions {
  readonly settings: SmtpSettings;
  /** For connections that are encrypted from their start; null for none. */
  readonly tls: TlsAccess | null;
}

/**
 * Reads what sessions need and only root may be able to read.
 *
 * @throws Error that says what cannot be read or used
 */
export async function prepareSessions(
  smtpdOptions: SmtpdOptions,
  { tls: paths }: GateOptions,
  log: (line: string) => void,
): Promise<Sessions> {
  const settings = new SmtpSettings(smtpdOptions, log);
  await settings.prepare();
  if (paths === null) return { settings, tls: null };
  const tls = new TlsAccess(paths, log);
  await tls.prepare();
  return { settings, tls };
}

export class InProcessGate implements Gate {
  readonly #listener: Deno.TcpListener;
  #closed = false;

  /** Binds and listens; errors are Deno's. */
  constructor(
    { address, shared }: Place,
    readonly options: GateOptions,
    readonly sessions: Sessions,
    readonly admission: Admission,
    readonly slots: Slots,
    readonly log: GateLog,
  ) {
    const { ip: hostname, port } = address;
    this.#listener = Deno.listen({ hostname, port, reusePort: shared });
    const { addr } = this.#listener;
    const ip = canonicalAddress(addr.hostname);
    // Deno's own is 128: longer, since whoever accepts has sessions to see to.
    if (options.backlog !== null) {
      setBacklog({ ip, port: addr.port }, options.backlog);
    }
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async run(): Promise<void> {
    const failures = new AcceptFailures((error) =>
      this.log.warning(`unable to accept: ${reason(error)}`)
    );
    keepThread();
    while (!this.#closed) {
      if (this.slots.isFull) await this.slots.free();
      try {
        const conn = await this.#listener.accept();
        this.slots.take();
        this.#serve(conn, this.log.nextNumber());
      } catch (error) {
        if (!this.#closed) await failures.handle(error);
      }
    }
  }

  close(): void {
    setTimeout(() => {
      if (this.#closed) return;
      this.#closed = true;
      this.#listener.close();
      this.slots.close();
    }, lastCallMs);
  }

  ended(): Promise<void> {
    return this.slots.empty();
  }

  refresh(): void {
    this.sessions.settings.refresh();
    this.sessions.tls?.refresh();
  }

  async #serve(conn: Deno.TcpConn, number: number): Promise<void> {
    const { log, slots } = this;
    log.status(slots.active, slots.limit);
    try {
      log.end(number, await this.#connection(conn, number));
    } catch (error) {
      log.unexpected(error);
    }
    slots.give();
    log.status(slots.active, slots.limit);
  }

  /** Resolves to the wait status that tcpserver would see. */
  async #connection(conn: Deno.TcpConn, number: number): Promise<number> {
    const { admission, log } = this;
    const direct = new TcpStream(conn);
    let ends: Ends = { local: direct.local, remote: direct.remote };
    let stream: Stream = direct;
    if (admission.isProxy(ends.remote.ip)) {
      const proxied = await readProxied(stream, ends);
      if (proxied === null) {
        log.pidFrom(number, ends.remote.ip);
        log.dropping(noHeader.what, noHeader.why);
        closeQuietly(conn);
        return droppedStatus;
      }
      ({ ends, stream } = proxied);
    }
    const { ip } = ends.remote;
    log.pidFrom(number, ip);
    const excess = admission.enter(ends);
    if (excess) {
      log.dropping(excess.what, excess.why);
      if (this.options.busyReply) {
        await conn.write(toBytes(busyReply)).catch(() => {});
      }
      closeQuietly(conn);
      return deniedStatus;
    }
    try {
      return await this.#session(conn, stream, ends, number);
    } catch {
      closeQuietly(conn); // the client left before there was a session
      return 1 << 8;
    } finally {
      admission.leave(ends);
    }
  }

  async #session(
    conn: Deno.TcpConn,
    stream: Stream,
    ends: Ends,
    number: number,
  ): Promise<number> {
    if (this.options.noDelay) conn.setNoDelay(true);
    if (this.options.banner) {
      await writeAll(stream, toBytes(this.options.banner));
    }
    const admitted = await this.admission.admit(ends);
    if (!admitted.env) {
      admitted.report(number);
      conn.close();
      return admitted.waitStatus;
    }
    this.log.verdict("ok", number, admitted.fields);
    const { settings: all, tls } = this.sessions;
    const settings = all.forSession(admitted.env, tls !== null);
    if (settings.type === "unreadable") {
      await conn.write(toBytes(unreadableControls));
      conn.close();
      return 1 << 8;
    }
    if (tls) {
      const secured = await tls.secure(stream, settings.patience.idleSeconds);
      if (secured === null) return 1 << 8;
      stream = secured;
    }
    // Not awaited here: what led to the session is then forgotten.
    return speak(stream, settings);
  }
}

async function speak(
  stream: Stream,
  { config, services, patience }: Ready,
): Promise<number> {
  return await drive(stream, new Session(config), services, patience) << 8;
}

function closeQuietly(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It was closed already.
  }
}
