/**
 * The way of a connection from accept to whoever serves it, and out again:
 * PROXY header, limits of its client, socket options, banner, names and rules,
 * verdict, hand-over, end.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import type { Connection } from "../base/connection.ts";
import type { Emit } from "../base/events.ts";
import { reason } from "../base/reason.ts";
import type { RawConnection } from "../sys/listener.ts";
import {
  drain,
  endWriting,
  killIpOptions,
  sendNow,
  setNoDelay,
} from "../sys/socket.ts";
import type { Admission, Admitted, Excess } from "./admission.ts";
import { Client } from "./client.ts";
import type { Room } from "./client_share.ts";
import type { ConnectionNumbers } from "./numbers.ts";
import type { GateOptions } from "./options.ts";
import { OverShare } from "./over_share.ts";
import { type Ends, noHeader, readProxyHeader } from "./proxy.ts";
import {
  deniedStatus,
  type Desk,
  droppedStatus,
  type Server,
} from "./server.ts";
import type { Slots } from "./slots.ts";

/** What a client over its limit is told, if anything (RFC 5321 3.8). */
const busyReply = "421 4.7.0 too many connections, try again later\r\n";

/** Of what such a client has said already. */
const mostUnheardBytes = 65536;

/**
 * Nothing here waits by a promise unless somebody has to be asked: a promise
 * costs, and the code between two exec calls is always cold.
 */
export class Reception implements Desk {
  /** Those who are not a program's yet: they need this process. */
  #here = 0;
  #emptied: (() => void) | undefined;
  readonly #overShare = new OverShare((client, ends, isLast) =>
    this.#enterAgain(client, ends, isLast)
  );

  /** @param changed is told when a slot is taken or given back */
  constructor(
    readonly options: GateOptions,
    readonly server: Server,
    readonly admission: Admission,
    readonly slots: Slots,
    readonly numbers: ConnectionNumbers,
    readonly emit: Emit,
    readonly changed: () => void,
  ) {}

  /** Sees to a connection that has just been accepted. */
  receive(conn: RawConnection): void {
    this.slots.take();
    this.#here++;
    this.changed();
    const client = new Client(conn);
    try {
      if (!this.admission.isProxy(conn.remote.ip)) this.#enter(client, conn);
      else {
        this.#later(
          client,
          readProxyHeader(conn),
          (ends) => this.#enter(client, ends),
        );
      }
    } catch (error) {
      this.broken(client, error);
    }
  }

  /** Resolves when no connection needs this process any more. */
  empty(): Promise<void> {
    if (this.#here === 0) return Promise.resolve();
    return new Promise((resolve) => this.#emptied = resolve);
  }

  serving(client: Client, connection: Connection, number?: number): void {
    if (number !== undefined) this.#called(client, number, connection);
    this.#letIn(client, connection);
  }

  handedOver(client: Client): void {
    if (!client.isHere) return;
    client.isHere = false;
    this.#here--;
    if (this.#here === 0) this.#emptied?.();
  }

  ended(client: Client, waitStatus: number): void {
    client.close();
    const { number } = client;
    if (number !== null) {
      this.emit({ type: "connection.ended", number, waitStatus });
    }
    this.#release(client);
  }

  dropped(
    client: Client,
    connection: Connection | null,
    what: string,
    why: string,
  ): void {
    if (connection !== null) {
      this.#number(client, connection);
      this.#letIn(client, connection);
    }
    this.#drop(what, why);
    this.ended(client, droppedStatus);
  }

  broken(client: Client, error: unknown): void {
    const { number } = client;
    this.emit({ type: "connection.broken", error, number });
    client.close();
    this.#release(client);
  }

  /** Goes on with a client when there is an answer. */
  #later<T>(
    client: Client,
    answer: Promise<T>,
    goOn: (answer: T) => void,
  ): void {
    answer.then(goOn).catch((error) => this.broken(client, error));
  }

  /** @param ends null if a proxy has not said whose they are */
  #enter(client: Client, ends: Ends | null): void {
    if (ends === null) {
      this.#number(client, client.conn);
      this.#drop(noHeader.what, noHeader.why);
      return this.ended(client, droppedStatus);
    }
    if (!this.server.hasPids) this.#number(client, ends);
    const excess = this.admission.enter(ends, this.#room);
    if (excess === null) this.#entered(client, ends);
    else if (excess.isOfShare) {
      this.#overShare.add(client, ends, this.slots.isFull);
    } else this.#turnAway(client, ends, excess);
  }

  /** Those that are over their share are here, but nobody's yet. */
  get #room(): Room {
    const { active, limit } = this.slots;
    return { active: active - this.#overShare.count, limit };
  }

  /** @returns whether the client was let in or, at last, turned away */
  #enterAgain(client: Client, ends: Ends, isLast: boolean): boolean {
    try {
      const excess = this.admission.enter(ends, this.#room);
      if (excess === null) this.#entered(client, ends);
      else if (isLast || !excess.isOfShare) {
        this.#turnAway(client, ends, excess);
      } else return false;
    } catch (error) {
      this.broken(client, error);
    }
    return true;
  }

  #turnAway(client: Client, ends: Ends, { what, why }: Excess): void {
    this.#number(client, ends);
    this.#drop(what, why);
    if (this.options.busyReply) this.#sayBusy(client);
    this.ended(client, deniedStatus);
  }

  /**
   * Nobody waits for a client that is to take no room: what it has said by now
   * is thrown away, lest it hears a reset.
   */
  #sayBusy(client: Client): void {
    const { fd } = client.conn;
    if (this.#tell(client, busyReply) !== null) return;
    endWriting(fd);
    drain(fd, mostUnheardBytes);
  }

  #entered(client: Client, ends: Ends): void {
    client.entered = ends;
    if (!this.#prepare(client, ends)) return;
    const admitting = this.admission.admit(ends);
    if (!(admitting instanceof Promise)) this.#admit(client, admitting);
    else {
      this.#later(
        client,
        admitting,
        (admitted) => this.#admit(client, admitted),
      );
    }
  }

  /** Socket options and banner; false if that was the end of the connection. */
  #prepare(client: Client, ends: Ends): boolean {
    const { fd } = client.conn;
    const { keepIpOptions, noDelay, banner } = this.options;
    if (!keepIpOptions) killIpOptions(fd);
    if (noDelay) setNoDelay(fd);
    const failure = banner === "" ? null : this.#tell(client, banner);
    if (failure === null) return true;
    this.#number(client, ends);
    this.#drop("unable to print banner", failure);
    this.ended(client, droppedStatus);
    return false;
  }

  #admit(client: Client, { connection, verdict, rule }: Admitted): void {
    switch (verdict.type) {
      case "ok":
        return this.server.serve(client, connection, this);
      case "deny":
        this.#number(client, connection);
        this.emit({
          type: "connection.deny",
          number: client.number!,
          connection,
          rule: rule ?? null,
        });
        return this.ended(client, deniedStatus);
      case "drop":
        this.#number(client, connection);
        this.#drop(verdict.what, verdict.why);
        return this.ended(client, droppedStatus);
    }
  }

  #drop(what: string, why: string): void {
    this.emit({ type: "connection.dropped", what, why });
  }

  #letIn({ number }: Client, connection: Connection): void {
    this.emit({ type: "connection.ok", number: number!, connection });
  }

  /** Gives a connection without a process a number, once. */
  #number(client: Client, ends: Pick<Ends, "remote">): void {
    if (client.number !== null) return;
    const { numbers, server } = this;
    const number = server.hasPids ? numbers.nextAbovePids() : numbers.next();
    this.#called(client, number, ends);
  }

  #called(client: Client, number: number, { remote }: Pick<Ends, "remote">) {
    client.number = number;
    this.emit({ type: "connection.begun", number, ip: remote.ip });
  }

  /** Says something without waiting. @returns why not, or null */
  #tell(client: Client, text: string): string | null {
    try {
      sendNow(client.conn.fd, toBytes(text));
      return null;
    } catch (error) {
      return reason(error);
    }
  }

  #release(client: Client): void {
    if (client.isGone) return;
    client.isGone = true;
    this.handedOver(client);
    if (client.entered) this.admission.leave(client.entered);
    this.slots.give();
    this.changed();
    this.#overShare.hasRoom();
  }
}
