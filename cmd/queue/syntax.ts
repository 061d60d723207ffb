/**
 * What there is to know of the arguments of postern queue.
 *
 * @module
 */
import type { Syntax } from "../../lib/cli/command_line.ts";
import { actions } from "./actions.ts";
import { groups } from "./options.ts";

export const syntax: Syntax = {
  synopsis: actions.flatMap(({ name, synopsis }) =>
    synopsis.map((line) => `${name} ${line}`)
  ),
  description: [
    "Sets up and looks after a queue that gates fill (--deliver URL) and " +
    "`postern drain` empties, in a cluster of RabbitMQ. URL is " +
    "amqp[s]://[USER@]HOST[:PORT][,HOST...][/VHOST].",
  ],
  subcommands: actions,
  groups,
  notes: [
    "Exit codes: 0 done, and all is well; 1 something is wrong with the " +
    "queue, or there is no such message; 100 the request is wrong; 111 the " +
    "brokers cannot be asked. Manual: postern-queue(8).",
  ],
  habits: { permutes: true },
};
