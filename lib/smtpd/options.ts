/**
 * What smtpd was asked to do, after its options have been understood.
 *
 * @module
 */
import type { Route } from "../deliver/routes.ts";
import type { TargetMaker } from "../deliver/target_row.ts";
import type { MilterAddress } from "../filter/milter_address.ts";
import type { Patience } from "../filter/patience.ts";
import type { MailLogFormat, MailLogPlace } from "../log/mail_log.ts";
import type { ServiceAddress } from "../base/service_address.ts";
import type { PolicyAddress } from "../policy/delegation.ts";
import type { DnsblSite } from "../policy/dnsbl_zones.ts";
import type { HopSettings } from "../next_hop/settings.ts";
import { usualSettings } from "../queue/options.ts";
import type { Limits } from "../smtp/limits.ts";

/**
 * What it does when nothing is asked: the defaults, and so the types, of its
 * options. null leaves it to the control file of that name, or to the dialect.
 */
export const unasked = {
  classic: false,
  me: null as string | null,
  smtpgreeting: null as string | null,
  localiphost: null as string | null,
  /** Lists: `a,b`, or the path of a file (it has a slash). */
  rcpthosts: null as string | null,
  badmailfrom: null as string | null,
  badrcptto: null as string | null,
  /** Path of a list of recipients. */
  recipients: null as string | null,
  openRelay: false,
  /** Our name is added to addresses without a domain. */
  qualify: false,
  normalizeLf: false,
  /** Where a policy program listens. */
  policy: null as PolicyAddress | null,
  /** Zones of DNS lists, and from which sum of weights on one is refused. */
  dnsbl: null as readonly DnsblSite[] | null,
  dnsblThreshold: 1,
  dnsblReject: false,
  spf: false,
  /** Before the greeting, for strangers, in seconds; 0 for none. */
  greetPause: 0,
  authenticationResults: false,
  /** What fails DMARC is refused where the author's domain wants it. */
  dmarcReject: false,
  /** Where milters listen, in the order in which they are asked. */
  milters: null as readonly MilterAddress[] | null,
  /** Where an rspamd listens: a URL. */
  rspamd: null as string | null,
  /** What all filters that are asked over a socket have in common. */
  filterSeconds: 30,
  filterFailure: "defer" as Patience["onFailure"],
  /** A Maildir's folder for what is put aside. */
  junk: ".Junk",
  /** Where messages go; null where $QMAILQUEUE or the default decides. */
  deliver: null as TargetMaker | null,
  /** Where goes what is for others' domains; null for nowhere. */
  relay: null as TargetMaker | null,
  /** Domains with ways of their own. */
  route: null as readonly Route[] | null,
  /** Path of a file of such. */
  routes: null as string | null,
  relayTls: "opportunistic" as HopSettings["tls"],
  /** Paths; null for none. */
  relayCa: null as string | null,
  relayAuth: null as string | null,
  relayClient: "none" as HopSettings["client"],
  relayConnections: 20,
  /** How a queue is spoken to that many machines share. */
  queuePrefix: usualSettings.prefix,
  /** Paths; null for none. */
  queueAuth: null as string | null,
  queueCa: null as string | null,
  queueManagement: usualSettings.management,
  queueMembers: usualSettings.members,
  queueSeconds: usualSettings.seconds,
  /** An address or the path of a Maildir; null: where there is one. */
  postmaster: null as string | null,
  createMailboxes: false,
  /** Of a Maildir's disk: nothing is taken below it; 0 for off. */
  minFree: 0,
  /** Paths of PEM files; null for control/servercert.pem, if it is there. */
  tlsCert: null as string | null,
  /** null: the key is in the file of the certificate. */
  tlsKey: null as string | null,
  passwords: null as string | null,
  checkpassword: null as string | null,
  /** Where Dovecot's auth service listens. */
  dovecotAuth: null as ServiceAddress | null,
  /** For each step of a log-in by Dovecot. */
  dovecotSeconds: 20,
  /** Path of a list of who may send as whom, or `dovecot`. */
  senderLogin: null as string | null,
  databytes: null as number | null,
  timeoutsmtpd: null as number | null,
  sessionSeconds: null as number | null,
  textBytesPerSecond: null as number | null,
  limits: {} as Partial<Limits>,
  mailLog: null as MailLogPlace | null,
  logFormat: "text" as MailLogFormat,
};

/** smtpd's options. */
export type SmtpdOptions = Readonly<typeof unasked> & {
  /** The folder of the control files. */
  readonly control: string;
  /** What takes messages where $QMAILQUEUE names no other. */
  readonly queueProgram: string;
};
