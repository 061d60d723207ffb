/**
 * How a shared queue is spoken to.
 *
 * @module
 */
import type { ManagementPlace } from "./management_url.ts";
import type { QueueUrl } from "./url.ts";

export interface QueueOptions {
  readonly url: QueueUrl;
  /** Of all names in the broker. */
  readonly prefix: string;
  /** Who we are to a host; asked at each connection. @throws Error */
  credentials(
    host: string,
  ): { readonly user: string; readonly password: string };
  /** In PEM; beside the usual authorities. */
  authorities(): readonly string[];
  /** Where the management API is. */
  readonly management: ManagementPlace;
  /** How many nodes have to hold each queue, at least. */
  readonly members: number;
  /** How long a broker may take to confirm a message. */
  readonly confirmSeconds: number;
}

/** What administrators say of it. */
export interface QueueSettings {
  readonly prefix: string;
  readonly management: ManagementPlace;
  readonly members: number;
  /** To confirm a message. */
  readonly seconds: number;
}

/** Where nobody says otherwise. */
export const usualSettings: QueueSettings = {
  prefix: "postern",
  management: "usual",
  members: 3,
  seconds: 30,
};

/** What is read from files; throws if it could not be. */
export interface QueueSecrets {
  credentials(
    host: string,
  ): { readonly user: string; readonly password: string } | null;
  authorities(): readonly string[];
}

/** Of brokers that nobody has set up; they take it from their own machine only. */
const guest = { user: "guest", password: "guest" };

export function queueOptions(
  url: QueueUrl,
  { prefix, management, members, seconds }: QueueSettings,
  secrets: QueueSecrets,
): QueueOptions {
  return {
    ...{ url, prefix, management, members, confirmSeconds: seconds },
    credentials: (host) => credentialsFor(host, url, secrets),
    authorities: () => secrets.authorities(),
  };
}

function credentialsFor(
  host: string,
  { user, password }: QueueUrl,
  secrets: QueueSecrets,
) {
  if (user !== null && password !== null) return { user, password };
  const found = secrets.credentials(host);
  if (found && (user === null || user === found.user)) return found;
  if (user === null) return guest;
  throw new Error(
    `there is no password of ${user} for ${host}: ` +
      `--queue-auth FILE has HOST USER PASSWORD`,
  );
}
