/**
 * One HOST PORT PROGRAM, and the gate that comes of it.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { Fatal } from "../base/fatal.ts";
import type { Protocol, Variables } from "../base/protocol.ts";
import type { Reach } from "../base/reach.ts";
import { Unusable } from "../base/unusable.ts";
import { Admission } from "../gate/admission.ts";
import { Gate } from "../gate/gate.ts";
import type { ConnectionNumbers } from "../gate/numbers.ts";
import type { GateOptions } from "../gate/options.ts";
import { ProgramServer } from "../gate/program_server.ts";
import { ProtocolServer } from "../gate/protocol_server.ts";
import { Reception } from "../gate/reception.ts";
import type { Server } from "../gate/server.ts";
import { Slots } from "../gate/slots.ts";
import type { MailLogPlace } from "../log/mail_log.ts";
import { TlsAccess } from "../net/tls_access.ts";
import { fatal } from "./fatal.ts";
import { programBacklog, protocolBacklog } from "./options.ts";
import { listenAt, type Place } from "./places.ts";

/** What answers connections. */
export type Service =
  | {
    type: "protocol";
    make(emit: Emit): Promise<Protocol>;
    /** Where its own options want the mail log to be; null for nowhere. */
    mailLog: MailLogPlace | null;
  } & Reaching
  /**
   * argv of a program; byte strings. If it is our own (`--isolate`), `make`
   * makes what it will speak, for `--check`.
   */
  | {
    type: "program";
    args: readonly string[];
    make?(emit: Emit): Promise<Protocol>;
  } & Reaching;

interface Reaching {
  /**
   * What of the machine it needs.
   *
   * @param own our environment
   * @param ruled tells what rules may set in its place
   */
  reach(
    own: ReadonlyMap<string, string>,
    ruled: () => Variables,
  ): Promise<Partial<Reach>>;
}

export interface Block {
  readonly options: GateOptions;
  readonly service: Service;
}

/** A gate and what it is made of, for whoever starts and stops it. */
export interface Serving {
  readonly gate: Gate;
  readonly server: Server;
  readonly reception: Reception;
  readonly slots: Slots;
}

/**
 * Listens.
 *
 * @param slots for its connections
 * @param changed is told when there is one more or one less
 * @throws Fatal
 */
export function open(
  place: Place,
  { options }: Block,
  server: Server,
  slots: Slots,
  numbers: ConnectionNumbers,
  emit: Emit,
  changed: () => void,
): Serving {
  const usual = server.hasPids ? programBacklog : protocolBacklog;
  const listener = listenAt(place, options.backlog ?? usual);
  const admission = new Admission(options, emit);
  const reception = new Reception(
    options,
    server,
    admission,
    slots,
    numbers,
    emit,
    changed,
  );
  return {
    gate: new Gate(listener, reception, emit),
    server,
    reception,
    slots,
  };
}

/** Reads what only root may read. Throws Fatal. */
export async function serverOf(
  { service, options: { tls: paths } }: Block,
  emit: Emit,
): Promise<Server> {
  if (service.type === "program") return new ProgramServer(service.args);
  try {
    const protocol = await service.make(emit);
    await protocol.prepare();
    await protocol.rehearse?.();
    if (paths === null) return new ProtocolServer(protocol, null);
    const tls = new TlsAccess(paths, emit, () => protocol.hostName ?? null);
    await tls.prepare();
    return new ProtocolServer(protocol, tls);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof Unusable && error.forGood) {
      throw new Fatal(100, message, { cause: error });
    }
    throw fatal(message, error);
  }
}
