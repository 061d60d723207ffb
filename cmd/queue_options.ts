/**
 * Options about a shared queue, which the gate, `postern queue` and
 * `postern drain` have in common.
 *
 * @module
 */
import { value, ValueError, type Values } from "../lib/cli/option.ts";
import { number, path } from "../lib/cli/readers.ts";
import { HopSecrets } from "../lib/next_hop/secrets.ts";
import { managementPlace } from "../lib/queue/management_url.ts";
import {
  type QueueOptions,
  queueOptions,
  type QueueSettings,
  usualSettings,
} from "../lib/queue/options.ts";
import { isPrefix } from "../lib/queue/topology.ts";
import { type QueueUrl, queueUrl } from "../lib/queue/url.ts";

function prefix(text: string): string {
  if (isPrefix(text)) return text;
  throw new ValueError("up to 60 letters, digits, dots, dashes or underscores");
}

function management(text: string) {
  try {
    return managementPlace(text);
  } catch (error) {
    throw new ValueError(null, (error as Error).message);
  }
}

/** An operand or option that says where a queue is. */
export function readQueueUrl(text: string): QueueUrl {
  try {
    return queueUrl(text);
  } catch (error) {
    throw new ValueError(null, `cannot be used: ${(error as Error).message}`);
  }
}

/** How a shared queue is spoken to. */
export const queueTable = {
  queuePrefix: value({
    long: "queue-prefix",
    value: "name",
    help: "what the names of the queues begin with",
    manual: `Those who share a queue say the same.`,
    read: prefix,
    initial: usualSettings.prefix,
  }),
  queueAuth: value({
    long: "queue-auth",
    value: "file",
    help: "log in to the queue's brokers: HOST USER PASSWORD a line, or * " +
      "for HOST",
    manual: `HOST is as in the URL, without a port.
A password in the URL is seen by everybody who may list processes; one in this
file is not.
Without either it is \`guest\`, whom brokers take from their own machine only.`,
    read: path,
    initial: null,
  }),
  queueCa: value({
    long: "queue-ca",
    value: "file",
    help: "authorities of the queue's brokers beside the usual ones, in PEM",
    read: path,
    initial: null,
  }),
  queueManagement: value({
    long: "queue-management",
    value: "url",
    help: "where the brokers' management API answers: http[s]://HOST:PORT, " +
      "or none",
    usual: "their hosts, port 15672, or 15671 by TLS",
    manual:
      `It is asked, as the same user, who needs the tag \`monitoring\`, for
what the queue's own protocol does not tell: whether queues are replicated,
whether a majority is up, and what policies do to them.
While it does not answer the queue is not used.
\`none\` is for whoever looks after all of that in another way: nobody looks.`,
    read: management,
    initial: usualSettings.management,
  }),
  queueMembers: value({
    long: "queue-members",
    value: "n",
    help: "nodes that have to hold each queue, at least",
    manual: `A majority of them has a message on their disks before it is
acknowledged.
With 1 or 2 the loss of one node is the loss of mail, or of the service: for
trials.`,
    read: number(1, 7),
    initial: usualSettings.members,
  }),
  queueSeconds: value({
    long: "queue-seconds",
    value: "seconds",
    help: "how long a broker may take to confirm a message",
    read: number(1, 300),
    initial: usualSettings.seconds,
  }),
};

/** What was said of all shared queues. */
export const queueSettings = (
  said: Omit<Values<typeof queueTable>, "queueAuth" | "queueCa">,
): QueueSettings => ({
  prefix: said.queuePrefix,
  management: said.queueManagement,
  members: said.queueMembers,
  seconds: said.queueSeconds,
});

/** One queue, and how to speak to it; reads secrets when they are wanted. */
export const saidOfQueue = (
  url: QueueUrl,
  said: Values<typeof queueTable>,
): QueueOptions =>
  queueOptions(
    url,
    queueSettings(said),
    new HopSecrets(said.queueAuth, said.queueCa),
  );
