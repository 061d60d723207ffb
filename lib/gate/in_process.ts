/**
 * The gate to postern's own SMTP server: sessions run in this process, and a
 * connection number stands where tcpserver logs a pid.
 *
 * @module
 */
import { toBytes } from "../bytes.ts";
import { canonicalAddress } from "../address.ts";
import type { SocketAddress } from "../posix/listener.ts";
import { reason } from "../reason.ts";
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
import { drive, type Stream } from "./smtp_driver.ts";
import {
  type SmtpdOptions,
  SmtpSettings,
  unreadableControls,
} from "./smtp_settings.ts";

export class InProcessGate implements Gate {
  readonly holdsConnections = true;
  readonly #listener: Deno.TcpListener;
  readonly #settings: SmtpSettings;
  #closed = false;

  /** Binds and listens; errors are Deno's. */
  constructor(
    { address, shared }: Place,
    readonly options: GateOptions,
    smtpdOptions: SmtpdOptions,
    readonly admission: Admission,
    readonly slots: Slots,
    readonly log: GateLog,
  ) {
    this.#settings = new SmtpSettings(
      smtpdOptions,
      (line) => log.warning(line),
    );
    const listen: Deno.TcpListenOptions & {
      reusePort: boolean;
      tcpBacklog?: number;
    } = {
      hostname: address.ip,
      port: address.port,
      reusePort: shared,
      tcpBacklog: options.backlog, // Deno before 2.9 does not know it
    };
    this.#listener = Deno.listen(listen);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  async run(): Promise<void> {
    const failures = new AcceptFailures((error) =>
      this.log.warning(`unable to accept: ${reason(error)}`)
    );
    while (!this.#closed) {
      await this.slots.free();
      try {
        const conn = await this.#listener.accept();
        this.slots.take();
        this.#serve(conn, this.log.nextNumber()).finally(() => this.#ended());
      } catch (error) {
        if (!this.#closed) await failures.pause(error);
      }
    }
  }

  /** Others may end in the same turn: each is counted before it is told. */
  #ended(): void {
    this.slots.give();
    this.log.status(this.slots.active, this.slots.limit);
  }

  close(): void {
    setTimeout(() => {
      if (this.#closed) return;
      this.#closed = true;
      this.#listener.close();
    }, lastCallMs);
  }

  refresh(): void {
    this.#settings.refresh();
  }

  async #serve(conn: Deno.TcpConn, number: number): Promise<void> {
    const { log, slots } = this;
    log.status(slots.active, slots.limit);
    log.end(number, await this.#connection(conn, number));
  }

  /** Resolves to the wait status that tcpserver would see. */
  async #connection(conn: Deno.TcpConn, number: number): Promise<number> {
    const { admission, log } = this;
    const direct: Ends = {
      local: socketAddress(conn.localAddr),
      remote: socketAddress(conn.remoteAddr),
    };
    let ends = direct;
    let stream: Stream = conn;
    if (admission.isProxy(direct.remote.ip)) {
      const proxied = await readProxied(conn, direct);
      if (proxied === null) {
        log.pidFrom(number, direct.remote.ip);
        log.dropping(noHeader.what, noHeader.why);
        closeQuietly(conn);
        return droppedStatus;
      }
      ({ ends, stream } = proxied);
    }
    const { ip } = ends.remote;
    log.pidFrom(number, ip);
    if (!admission.enter(ip)) {
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
      admission.leave(ip);
    }
  }

  async #session(
    conn: Deno.TcpConn,
    stream: Stream,
    ends: Ends,
    number: number,
  ): Promise<number> {
    if (this.options.noDelay) conn.setNoDelay(true);
    if (this.options.banner) await conn.write(toBytes(this.options.banner));
    const admitted = await this.admission.admit(ends.local, ends.remote);
    if (!admitted.env) {
      if (admitted.denied) this.log.verdict("deny", number, admitted.fields);
      conn.close();
      return admitted.waitStatus;
    }
    this.log.verdict("ok", number, admitted.fields);
    const settings = this.#settings.forSession(admitted.env);
    if (settings.type === "unreadable") {
      await conn.write(toBytes(unreadableControls));
      conn.close();
      return 1 << 8;
    }
    const session = new Session(settings.config);
    const { target, timeoutSeconds } = settings;
    return await drive(stream, session, target, timeoutSeconds) << 8;
  }
}

function socketAddress({ hostname, port }: Deno.NetAddr): SocketAddress {
  const [address, scope] = hostname.split("%");
  return { ip: canonicalAddress(address), port, interface: scope };
}

function closeQuietly(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It was closed already.
  }
}
