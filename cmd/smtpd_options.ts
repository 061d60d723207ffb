/**
 * The options of postern smtpd. Also read by serve, for sessions in its own
 * process.
 *
 * @module
 */
import type { Command } from "commander";
import { Fatal } from "../lib/base/fatal.ts";
import type { SmtpdOptions } from "../lib/smtpd/options.ts";

/** @returns null if `--help` was printed; throws Fatal that tells what is wrong */
export async function parseOptions(
  args: string[],
  calledAs: string,
): Promise<SmtpdOptions | null> {
  const home = Deno.env.get("QMAILHOME") ?? "/var/qmail";
  const defaults: SmtpdOptions = {
    classic: calledAs === "qmail-smtpd",
    control: `${home}/control`,
    queueProgram: `${home}/bin/qmail-queue`,
    me: null,
    smtpgreeting: null,
    localiphost: null,
    timeoutsmtpd: null,
    databytes: null,
    rcpthosts: null,
    badmailfrom: null,
    badrcptto: null,
    recipients: null,
    openRelay: false,
    normalizeLf: false,
    policy: null,
    dnsbl: null,
    dnsblReject: false,
    spf: false,
    authenticationResults: false,
    deliver: null,
    minFree: 0,
    createMailboxes: false,
    tlsCert: null,
    tlsKey: null,
    passwords: null,
    checkpassword: null,
    limits: {},
    sessionSeconds: null,
    textBytesPerSecond: null,
  };
  // The classic one takes no options; and commander costs start-up time.
  if (args.length === 0) return defaults;
  const given = await parseArguments(args, calledAs);
  return given && { ...defaults, ...given };
}

/** The options that are numbers, before they are sorted. */
interface Numbers {
  maxRecipients?: number;
  maxErrors?: number;
  maxHops?: number;
  maxCommandLine?: number;
  maxTextLine?: number;
  maxPath?: number;
  maxSession?: number;
  minRate?: number;
}

/** What commander makes of the arguments. */
type Given = Omit<Partial<SmtpdOptions>, "deliver"> & Numbers & {
  deliver?: string;
  maildir?: string;
};

async function parseArguments(
  args: string[],
  calledAs: string,
): Promise<Partial<SmtpdOptions> | null> {
  const { Command, CommanderError } = await import("commander");
  const complain = (text: string) =>
    new Fatal(100, `${calledAs}: ${text}; see postern smtpd --help`);
  const command = describe(new Command(calledAs), calledAs, complain);
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return null;
    throw complain(error.message.replace(/^error: /, ""));
  }
  const {
    maxRecipients,
    maxErrors,
    maxHops,
    maxCommandLine,
    maxTextLine,
    maxPath,
    maxSession,
    minRate,
    maildir,
    ...options
  } = command.opts<Given>();
  const { tlsCert, tlsKey, passwords, checkpassword } = options;
  if (maildir !== undefined && options.deliver) {
    throw complain("--maildir and --deliver exclude each other");
  }
  const deliver = maildir === undefined
    ? options.deliver
    : `maildir:${maildir}`;
  if (options.policy) {
    const { policyAddress } = await import("../lib/policy/delegation.ts");
    if (policyAddress(options.policy) === null) {
      throw complain(
        `--policy wants PATH or HOST:PORT, not ${
          JSON.stringify(options.policy)
        }`,
      );
    }
  }
  let target: SmtpdOptions["deliver"] = null;
  if (deliver) {
    const { readTarget } = await import("../lib/deliver/targets.ts");
    try {
      target = readTarget(deliver);
    } catch (error) {
      throw complain(`--deliver ${(error as Error).message}`);
    }
  }
  if (tlsKey && !tlsCert) throw complain("--tls-key goes with --tls-cert");
  if (passwords && checkpassword) {
    throw complain("--passwords and --checkpassword exclude each other");
  }
  const limits = {
    recipients: maxRecipients,
    errors: maxErrors,
    hops: maxHops,
    commandLineBytes: maxCommandLine,
    textLineBytes: maxTextLine,
    pathBytes: maxPath,
  };
  return {
    ...options,
    deliver: target,
    limits: Object.fromEntries(
      Object.entries(limits).filter(([, value]) => value !== undefined),
    ),
    sessionSeconds: maxSession ?? null,
    textBytesPerSecond: minRate ?? null,
  };
}

/** The command with all of its options. */
function describe(
  command: Command,
  calledAs: string,
  complain: (text: string) => Fatal,
): Command {
  const number = (what: string, least = 0) => (text: string): number => {
    if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
    const wanted = least === 0 ? "a number" : `a number from ${least} on`;
    throw complain(`${what} wants ${wanted}, not ${JSON.stringify(text)}`);
  };
  const percent = (text: string): number => {
    if (/^\d{1,2}(\.\d+)?$/.test(text)) return Number(text);
    throw complain(
      `--min-free wants a percentage below 100, not ${JSON.stringify(text)}`,
    );
  };
  const numeric = (flag: string, value: string, text: string, least = 0) =>
    command.option(`${flag} <${value}>`, text, number(flag, least));
  command
    .usage("[options]")
    .description(
      "Speaks SMTP on descriptors 0 and 1, with a UCSPI environment, and hands\n" +
        "accepted mail on. RELAYCLIENT, DATABYTES and QMAILQUEUE in the environment\n" +
        "mean what they mean to qmail-smtpd. An option that has the name of a\n" +
        "control file stands for it.",
    )
    .helpOption("--help", "print this help")
    // Defaults stand in the texts, where they can be read.
    .configureHelp({ optionDescription: ({ description }) => description })
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(calledAs === "qmail-smtpd"); // it never looked at any
  command.optionsGroup("Who we are:")
    .option("--classic", "exactly qmail-smtpd's keywords and replies")
    .option("--control <dir>", "control files (default $QMAILHOME/control)")
    .option("--me <name>", "our host name")
    .option("--smtpgreeting <text>", "what follows the 220")
    .option("--localiphost <name>", "the domain of user@[our address]");
  command.optionsGroup("What is taken:")
    .option(
      "--rcpthosts <list>",
      "domains that mail is accepted for: a,b or a path of a file",
    )
    .option(
      "--badmailfrom <list>",
      "senders refused: address or @domain; a,b or a path of a file",
    )
    .option(
      "--badrcptto <list>",
      "recipients refused: address or @domain; a,b or a path of a file",
    )
    .option(
      "--recipients <file>",
      "accept only these: address, @domain or local name a line, or a .cdb " +
        "of such keys",
    )
    .option("--open-relay", "accept mail for every domain from everyone")
    .option(
      "--normalize-lf",
      "take a bare LF in a message for the end of a line, not refuse it",
    );
  command.optionsGroup("Who is asked first (none by default):")
    .option(
      "--policy <address>",
      "a Postfix policy program: PATH, unix:PATH, HOST:PORT or inet:HOST:PORT",
    )
    .option(
      "--dnsbl <zones>",
      "defer clients listed in these DNS blocklists: ZONE,ZONE",
      (text: string) => text.split(",").filter(Boolean),
    )
    .option("--dnsbl-reject", "refuse them with 550 instead of 451")
    .option("--spf", "refuse clients that the sender's SPF policy forbids")
    .option(
      "--authentication-results",
      "record SPF, DKIM, ARC and DMARC results in each message",
    );
  command.optionsGroup("Where it goes:")
    .option(
      "--deliver <target>",
      "qmail-queue[:PATH], maildir:DIR, or discard",
    )
    .option(
      "--maildir <dir>",
      "short for --deliver maildir:DIR; {user}, {user%+} (the local part up to " +
        "its first +) and {domain} in it are the recipient's, in lower case, " +
        "and users without a folder are refused",
    )
    .option("--create-mailboxes", "make the mailboxes that are missing")
    .option(
      "--min-free <percent>",
      "take no mail when less of the Maildir's disk is free (default 0)",
      percent,
    );
  command.optionsGroup("TLS and log-ins:")
    .option(
      "--tls-cert <file>",
      "offer STARTTLS with this certificate, in PEM, and those that vouch " +
        "for it (default control/servercert.pem, if it is there)",
    )
    .option("--tls-key <file>", "its private key (default in the same file)")
    .option(
      "--passwords <file>",
      "offer AUTH, once encrypted, to the users in a file of USER:HASH lines",
    )
    .option(
      "--checkpassword <program>",
      "or to those whom this program (with arguments) knows",
    )
    .option(
      "--hash-password",
      "read a password, print its HASH, and do nothing else",
    );
  command.optionsGroup("Limits (0 is none where that makes sense):");
  numeric("--databytes", "bytes", "of a message (default 52428800)");
  numeric("--timeoutsmtpd", "seconds", "without input (default 300)");
  numeric("--max-session", "seconds", "for a whole session (default 1200)");
  numeric("--min-rate", "bytes", "of text a second at least (default 500)");
  numeric("--max-recipients", "n", "of a message (default 1000)", 1);
  numeric("--max-errors", "n", "since the last message (default 10)", 1);
  numeric("--max-hops", "n", "earlier servers of a message (default 100)", 1);
  numeric("--max-command-line", "bytes", "(default 2048)", 512);
  numeric("--max-text-line", "bytes", "(default 65535)", 998);
  numeric("--max-path", "bytes", "of an address (default 256)", 64);
  return command;
}
