/**
 * What patches of qmail-smtpd read from the environment and from control
 * files, and what becomes of it here.
 *
 * @module
 */

/** A variable or a control file that means something to an old qmail-smtpd. */
export interface OldSetting {
  /** Its names; one that ends with `*` stands for all that begin so. */
  readonly names: readonly string[];
  /** What it was for. */
  readonly meant: string;
  /** What there is in its place, as the end of a sentence. */
  readonly now: string;
  /**
   * Whether it means the same here: `same`; whether what it did is done in
   * another way, or always: `other`; or not at all: `lost`.
   */
  readonly fate: "same" | "other" | "lost";
  /** An option of smtpd that says the same, where its value fits as it is. */
  readonly option?: string;
}

/** Those of the environment, set in a run script, an envdir or by rules. */
const oldVariables: readonly OldSetting[] = [
  {
    names: ["RELAYCLIENT", "DATABYTES", "QMAILQUEUE", "RCPTCHECK", "TMPDIR"],
    meant: "as in qmail-smtpd",
    now: "smtpd reads it too",
    fate: "same",
  },
  {
    names: ["QMAILHOME", "DNSCACHEIP"],
    meant: "where qmail, and the name server, are",
    now: "postern reads it too",
    fate: "same",
  },
  {
    names: ["RBLSMTPD"],
    meant: "rblsmtpd's word about a client",
    now: "rblsmtpd in front of smtpd reads it, --dnsbl does not",
    fate: "same",
  },
  {
    names: ["SMTPAUTH", "AUTH"],
    meant: "whether AUTH is offered",
    now: "--passwords or --checkpassword of smtpd offers it, once encrypted",
    fate: "other",
  },
  {
    names: ["REQUIREAUTH", "REQUIRE_AUTH", "SMTP_AUTH_REQUIRED"],
    meant: "no mail without a log-in",
    now: "there is no such option: who has not logged in may not relay, but " +
      "may send to our own domains",
    fate: "lost",
  },
  {
    names: ["FORCETLS", "FORCE_TLS", "TLSREQUIRED", "REQUIRETLS"],
    meant: "AUTH only after STARTTLS",
    now: "AUTH is never offered in the clear",
    fate: "other",
  },
  {
    names: ["SMTPS"],
    meant: "TLS from the start",
    now: "--tls-cert of serve does it",
    fate: "other",
  },
  {
    names: ["DISABLETLS", "NOTLS"],
    meant: "no STARTTLS",
    now: "STARTTLS is offered where there is a certificate: with --tls-cert, " +
      "or control/servercert.pem",
    fate: "lost",
  },
  {
    names: [
      "CERTFILE",
      "KEYFILE",
      "CAFILE",
      "CADIR",
      "CCAFILE",
      "DHFILE",
      "CIPHERS",
      "VERIFYDEPTH",
    ],
    meant: "ucspi-ssl's certificate and how it is used",
    now: "--tls-cert and --tls-key of serve; ciphers are the runtime's",
    fate: "other",
  },
  {
    names: ["SPFBEHAVIOR"],
    meant: "what SPF decides",
    now: "--spf of smtpd refuses what SPF forbids, --authentication-results " +
      "records it",
    fate: "other",
  },
  {
    names: ["GREETDELAY", "SMTPGREETDELAY"],
    meant: "a wait before the greeting",
    now: "--greet-pause of smtpd, which refuses who talks before",
    fate: "other",
    option: "greet-pause",
  },
  {
    names: ["DROP_PRE_GREET", "GREETDELAY_*"],
    meant: "who talks before the greeting",
    now: "--greet-pause of smtpd refuses who does",
    fate: "other",
  },
  {
    names: ["TARPITCOUNT", "TARPITDELAY"],
    meant: "a wait for each of many recipients",
    now: "--max-refused of smtpd slows down who guesses names",
    fate: "other",
  },
  {
    names: ["MAXRECIPIENTS", "MAXRCPT"],
    meant: "recipients of a message",
    now: "--max-recipients of smtpd",
    fate: "other",
    option: "max-recipients",
  },
  {
    names: ["BRTLIMIT", "CHKUSER_WRONGRCPTLIMIT"],
    meant: "wrong recipients of a session",
    now: "--max-refused of smtpd",
    fate: "other",
    option: "max-refused",
  },
  {
    names: ["CHKUSER_RCPTLIMIT"],
    meant: "recipients of a message",
    now: "--max-recipients of smtpd",
    fate: "other",
    option: "max-recipients",
  },
  {
    names: [
      "CHKUSER_*",
      "SENDER_NOCHECK",
      "RECIPIENTS",
      "VALIDRCPTTO",
      "VALIDRCPTTO_*",
    ],
    meant: "whether a recipient exists",
    now: "--recipients of smtpd, a program in RCPTCHECK, or mailboxes of " +
      "--maildir with {user}",
    fate: "lost",
  },
  {
    names: [
      "MFDNSCHECK",
      "NODNSCHECK",
      "NODNSMFCHECK",
      "MFCHECK",
      "MAILFROMCHECK",
      "LOCALMFCHECK",
      "BADMAILFROMCHECK",
    ],
    meant: "whether the sender's domain exists",
    now: "smtpd does not ask; a program of --policy can",
    fate: "lost",
  },
  {
    names: ["HELOCHECK", "BADHELOCHECK", "NOBADHELO", "HELO_DNS_CHECK"],
    meant: "what the client calls itself",
    now: "smtpd does not judge it; a program of --policy can",
    fate: "lost",
  },
  {
    names: ["DENYMAIL"],
    meant: "refusing clients, or senders without a name in the DNS",
    now: "rules deny clients; a program of --policy can refuse senders",
    fate: "lost",
  },
  {
    names: ["BADMIMETYPE", "BADLOADERTYPE", "QHPSI", "VIRUSCHECK"],
    meant: "attachments that are refused by qmail-smtpd itself",
    now: "smtpd does not look into messages by itself",
    fate: "lost",
  },
  {
    names: ["NOP0FCHECK", "P0F*"],
    meant: "what system the client has",
    now: "smtpd does not ask",
    fate: "lost",
  },
  {
    names: [
      "DKVERIFY",
      "DKSIGN",
      "DKQUEUE",
      "DKIMVERIFY",
      "DKIMSIGN",
      "DKIMQUEUE",
      "SIMSCAN_*",
      "SURBL",
      "SURBLQUEUE",
      "QS_*",
      "SPAMC_*",
      "CLAMD_*",
    ],
    meant: "for the program in QMAILQUEUE",
    now: "that program has it in its environment as before",
    fate: "same",
  },
  {
    names: ["RELAY_CTRL_*", "JGREYLIST*", "GREYLIST_*"],
    meant: "for a program in front of qmail-smtpd",
    now: "that program has it in its environment as before",
    fate: "same",
  },
];

/** Control files that a plain qmail-smtpd does not have. */
const oldControlFiles: readonly OldSetting[] = [
  {
    names: ["servercert.pem"],
    meant: "the certificate of STARTTLS",
    now: "smtpd offers STARTTLS with it",
    fate: "same",
  },
  {
    names: ["badrcptto"],
    meant: "recipients that are refused",
    now: "smtpd reads it too",
    fate: "same",
  },
  {
    names: ["clientca.pem", "clientcrl.pem", "clientcert.pem"],
    meant: "clients that are known by certificate",
    now: "smtpd does not ask for client certificates",
    fate: "lost",
  },
  {
    names: [
      "rsa512.pem",
      "rsa2048.pem",
      "dh512.pem",
      "dh1024.pem",
      "dh2048.pem",
      "tlsserverciphers",
    ],
    meant: "how TLS is done",
    now: "TLS 1.2 and 1.3 need none of it",
    fate: "other",
  },
  {
    names: ["badhelo", "badhelonorelay"],
    meant: "what the client calls itself",
    now: "smtpd does not judge it; a program of --policy can",
    fate: "lost",
  },
  {
    names: ["badmailto", "badmailtonorelay", "badrcptpatterns"],
    meant: "patterns of recipients that are refused",
    now: "--badrcptto of smtpd has addresses and domains, no patterns",
    fate: "lost",
  },
  {
    names: ["badmailfromnorelay", "badmailpatterns", "notbadmailfrom"],
    meant: "patterns of senders that are refused",
    now: "--badmailfrom of smtpd has addresses and domains, no patterns",
    fate: "lost",
  },
  {
    names: ["validrcptto.cdb", "validrcptto", "recipients"],
    meant: "recipients that exist",
    now: "--recipients of smtpd has a list, or a cdb of addresses",
    fate: "lost",
  },
  {
    names: ["spfbehavior", "spfrules", "spfguess", "spfexp"],
    meant: "what SPF decides",
    now: "--spf of smtpd refuses what SPF forbids",
    fate: "other",
  },
  {
    names: ["mfcheck", "badmfcheck"],
    meant: "whether the sender's domain exists",
    now: "smtpd does not ask; a program of --policy can",
    fate: "lost",
  },
  {
    names: ["dnsbllist", "rbllist", "dnsblfailclosed", "blacklists"],
    meant: "DNS blocklists",
    now: "--dnsbl of smtpd",
    fate: "other",
  },
  {
    names: ["tarpitcount", "tarpitdelay", "brtlimit"],
    meant: "clients that try many recipients",
    now: "--max-refused of smtpd slows them down",
    fate: "other",
  },
  {
    names: ["maxrcpt", "maxrecipients"],
    meant: "recipients of a message",
    now: "--max-recipients of smtpd",
    fate: "other",
    option: "max-recipients",
  },
  {
    names: ["greetdelay", "smtpgreetdelay"],
    meant: "a wait before the greeting",
    now: "--greet-pause of smtpd, which refuses who talks before",
    fate: "other",
    option: "greet-pause",
  },
  {
    names: ["badmimetypes", "badmimetypes.cdb", "badloadertypes"],
    meant: "attachments that are refused by qmail-smtpd itself",
    now: "smtpd does not look into messages by itself; --milter and --rspamd " +
      "show them to somebody",
    fate: "lost",
  },
  {
    names: ["relaymailfrom"],
    meant: "senders that may relay",
    now: "smtpd believes no sender: log-ins, or rules with RELAYCLIENT",
    fate: "lost",
  },
];

/** What there is to say of a variable; null for one of nobody's. */
export const oldVariable = (name: string): OldSetting | null =>
  settingIn(oldVariables, name);

/** The same of a file in the control folder. */
export const oldControlFile = (name: string): OldSetting | null =>
  settingIn(oldControlFiles, name);

function settingIn(
  settings: readonly OldSetting[],
  name: string,
): OldSetting | null {
  const exact = settings.find(({ names }) => names.includes(name));
  if (exact) return exact;
  const fits = (each: string) =>
    each.endsWith("*") && name.startsWith(each.slice(0, -1));
  return settings.find(({ names }) => names.some(fits)) ?? null;
}
