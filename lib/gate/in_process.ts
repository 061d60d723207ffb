/**
 * The gate to postern's own SMTP server: sessions run in this process, and a
 * connection number stands where tcpserver logs a pid.
 *
 * @module
 */
import { toBytes } from "../bytes.ts";
import type { SocketAddress } from "../posix/listener.ts";
import { reason } from "../reason.ts";
import { Session } from "../smtp/session.ts";
import type { Admission } from "./admission.ts";
import { AcceptFailures, type Gate } from "./gate.ts";
import type { GateLog } from "./log.ts";
import type { ServeOptions } from "./options.ts";
import type { Slots } from "./slots.ts";
import { drive } from "./smtp_driver.ts";
import {
  type SmtpdOptions,
  SmtpSettings,
  unreadableControls,
} from "./smtp_settings.ts";

export class InProcessGate implements Gate {
  readonly holdsConnections = true;
  readonly #listener: Deno.TcpListener;
  readonly #settings: SmtpSettings;
  #connections = 0;
  #closed = false;

  /** Binds and listens; errors are Deno's. */
  constructor(
    address: SocketAddress,
    readonly options: ServeOptions,
    smtpdOptions: SmtpdOptions,
    readonly admission: Admission,
    readonly slots: Slots,
    readonly log: GateLog,
  ) {
    this.#settings = new SmtpSettings(
      smtpdOptions,
      (line) => log.warning(line),
    );
    const listen: Deno.TcpListenOptions & { tcpBacklog?: number } = {
      hostname: address.ip,
      port: address.port,
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
        this.#serve(conn, ++this.#connections).finally(() => this.slots.give());
      } catch (error) {
        if (!this.#closed) await failures.pause(error);
      }
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }

  refresh(): void {
    this.#settings.refresh();
  }

  async #serve(conn: Deno.TcpConn, number: number): Promise<void> {
    const { log, slots } = this;
    log.status(slots.active, slots.limit);
    log.pidFrom(number, conn.remoteAddr.hostname);
    const waitStatus = await this.#session(conn, number);
    log.end(number, waitStatus);
    log.status(slots.active - 1, slots.limit);
  }

  async #session(conn: Deno.TcpConn, number: number): Promise<number> {
    try {
      if (this.options.noDelay) conn.setNoDelay(true);
      if (this.options.banner) await conn.write(toBytes(this.options.banner));
      const admitted = await this.admission.admit(
        { ip: conn.localAddr.hostname, port: conn.localAddr.port },
        { ip: conn.remoteAddr.hostname, port: conn.remoteAddr.port },
      );
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
      return await drive(conn, session, target, timeoutSeconds) << 8;
    } catch {
      // The client left before there was a session.
      try {
        conn.close();
      } catch {
        // It was closed already.
      }
      return 1 << 8;
    }
  }
}
