/**
 * The names of programs that run for a client.
 *
 * @module
 */

/** Programs that run another one for a client, and have no like here. */
export const kept: Readonly<Record<string, string>> = {
  spamdyke: "its filters, greylisting and log-ins have no like here",
  greetdelay: "smtpd --greet-pause does it too",
  jgreylist: "--policy with a greylisting daemon such as postgrey does it too",
  "jgreylist-wrapper": "--policy with a greylisting daemon does it too",
  greylite: "--policy with a greylisting daemon such as postgrey does it too",
  "relay-ctrl-check": "it lets relay who has read mail; log-ins do it better",
  "relay-ctrl-send": "it sends word of log-ins elsewhere",
  "pop-before-smtp": "it lets relay who has read mail; log-ins do it better",
  "antispam-wrapper": "nothing is known of it",
};

/** Behind a program that is kept, the next one that this knows. */
export const isKnown = (name: string | null): boolean =>
  name !== null && (name in kept ||
    /^(rblsmtpd|recordio|fixcrio|(qmail|netqmail)-smtpd(-auth)?)$/.test(name));
