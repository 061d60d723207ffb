/**
 * What happens in a gate, told once; lines of a log, JSON and counters are
 * made of it by whoever listens.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { reason } from "./reason.ts";

export type GateEvent =
  /** There is one connection more or less, of so many that may be. */
  | {
    readonly type: "status";
    readonly active: number;
    readonly limit: number;
    /** Whether somebody wants to know it now (SIGUSR1). */
    readonly asked: boolean;
  }
  /** How long the turns of the event loop are (SIGUSR2). */
  | {
    readonly type: "turns";
    readonly count: number;
    /** 99 of 100 took at most this. */
    readonly mostMs: number;
    readonly longestMs: number;
  }
  /** A connection has its number: a pid, or what stands for one. */
  | {
    readonly type: "connection.begun";
    readonly number: number;
    readonly ip: string;
  }
  | {
    readonly type: "connection.ok" | "connection.deny";
    readonly number: number;
    readonly connection: Connection;
  }
  | {
    readonly type: "connection.dropped";
    readonly what: string;
    readonly why: string;
  }
  | {
    readonly type: "connection.ended";
    readonly number: number;
    /** As of wait(2). */
    readonly waitStatus: number;
  }
  /** Only a bug explains it: it costs one connection, no more. */
  | { readonly type: "connection.broken"; readonly error: unknown }
  /** The id is the target's. */
  | {
    readonly type: "message.stored";
    readonly connection: Connection;
    readonly id: string;
  }
  | {
    readonly type: "message.refused";
    readonly connection: Connection;
    readonly code: number;
    readonly text: string;
  }
  /** A user name is a byte string, and the client's word. */
  | {
    readonly type: "login.refused";
    readonly ip: string;
    readonly user: string;
  }
  | {
    readonly type: "tls.failed";
    readonly ip: string;
    readonly reason: string;
  }
  /** Something for the administrator to look after. */
  | { readonly type: "trouble"; readonly text: string };

export type Emit = (event: GateEvent) => void;

/** A trouble, and maybe the error that it came of. */
export const trouble = (text: string, error?: unknown): GateEvent => ({
  type: "trouble",
  text: error === undefined ? text : `${text}: ${reason(error)}`,
});
