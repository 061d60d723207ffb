/**
 * postern smtpd, and qmail-smtpd: one SMTP session on descriptors 0 and 1.
 *
 * @module
 */
import { toBytes } from "../lib/bytes.ts";
import { Fatal } from "../lib/fatal.ts";
import { MailboxPath } from "../lib/deliver/mailbox.ts";
import { ownEnvironment } from "../lib/gate/environment.ts";
import { drive, type Stream } from "../lib/gate/smtp_driver.ts";
import {
  type SmtpdOptions,
  SmtpSettings,
  unreadableControls,
} from "../lib/gate/smtp_settings.ts";
import { Session } from "../lib/smtp/session.ts";

/**
 * Also called by serve, for sessions in its own process.
 *
 * @returns null if `--help` was printed
 */
export async function parseOptions(
  args: string[],
  calledAs: string,
): Promise<SmtpdOptions | null> {
  const classic = calledAs === "qmail-smtpd";
  const home = Deno.env.get("QMAILHOME") ?? "/var/qmail";
  const defaults = { classic, control: `${home}/control`, openRelay: false };
  // The classic one takes no options; and commander costs start-up time.
  const given = args.length > 0 ? await parseArguments(args, calledAs) : {};
  if (given === null) return null;
  return {
    me: null,
    smtpgreeting: null,
    localiphost: null,
    timeoutsmtpd: null,
    databytes: null,
    rcpthosts: null,
    badmailfrom: null,
    deliver: null,
    minFree: 0,
    createMailboxes: false,
    ...defaults,
    ...given,
  };
}

async function parseArguments(
  args: string[],
  calledAs: string,
): Promise<Partial<SmtpdOptions> | null> {
  const { Command, CommanderError } = await import("commander");
  const complain = (text: string) =>
    new Fatal(100, `${calledAs}: ${text}; see postern smtpd --help`);
  const count = (what: string) => (text: string): number => {
    if (!/^\d{1,15}$/.test(text)) {
      throw complain(`${what} wants a number, not ${JSON.stringify(text)}`);
    }
    return Number(text);
  };
  const percent = (text: string): number => {
    if (!/^\d{1,2}(\.\d+)?$/.test(text)) {
      throw complain(
        `--min-free wants a percentage below 100, not ${JSON.stringify(text)}`,
      );
    }
    return Number(text);
  };
  const command = new Command(calledAs)
    .usage("[options]")
    .description(
      "Speaks SMTP on descriptors 0 and 1, with a UCSPI environment, and hands\n" +
        "accepted mail on. RELAYCLIENT, DATABYTES and QMAILQUEUE in the environment\n" +
        "mean what they mean to qmail-smtpd. Each option stands for the control\n" +
        "file of its name.",
    )
    .helpOption("--help", "print this help")
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(calledAs === "qmail-smtpd") // it never looked at any
    .option("--classic", "exactly qmail-smtpd's keywords and replies")
    .option("--control <dir>", "control files (default $QMAILHOME/control)")
    .option("--me <name>", "our host name")
    .option("--smtpgreeting <text>", "what follows the 220")
    .option("--localiphost <name>", "the domain of user@[our address]")
    .option(
      "--timeoutsmtpd <seconds>",
      "end a session after this long without input",
      count("--timeoutsmtpd"),
    )
    .option(
      "--databytes <bytes>",
      "message size limit, 0 for none",
      count("--databytes"),
    )
    .option(
      "--rcpthosts <list>",
      "domains that mail is accepted for: a,b or a path of a file",
    )
    .option(
      "--badmailfrom <list>",
      "senders refused: address or @domain; a,b or a path of a file",
    )
    .option("--open-relay", "accept mail for every domain from everyone")
    .option(
      "--deliver <target>",
      "qmail-queue[:PATH], maildir:DIR, or discard",
    )
    .option(
      "--maildir <dir>",
      "short for --deliver maildir:DIR; {user}, {user%+} (the local part " +
        "up to its first +) and {domain} in it are the recipient's, in " +
        "lower case, and users without a folder are refused",
    )
    .option("--create-mailboxes", "make the mailboxes that are missing")
    .option(
      "--min-free <percent>",
      "take no mail when less of the Maildir's disk is free (default 0)",
      percent,
    );
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return null;
    throw complain(error.message.replace(/^error: /, ""));
  }
  const { maildir, ...rest } = command.opts<
    Partial<SmtpdOptions> & { maildir?: string }
  >();
  if (maildir !== undefined && rest.deliver) {
    throw complain("--maildir and --deliver exclude each other");
  }
  const options = maildir === undefined
    ? rest
    : { ...rest, deliver: `maildir:${maildir}` };
  const { deliver } = options;
  if (deliver && !/^(qmail-queue(:.+)?|maildir:.+|discard)$/s.test(deliver)) {
    throw complain(
      `--deliver wants qmail-queue[:PATH], maildir:DIR or discard, not ${
        JSON.stringify(deliver)
      }`,
    );
  }
  if (deliver?.startsWith("maildir:")) {
    try {
      new MailboxPath(deliver.slice("maildir:".length));
    } catch (error) {
      throw complain(`cannot use ${deliver}: ${(error as Error).message}`);
    }
  }
  return options;
}

/** Descriptors 0 and 1; they are closed by leaving. */
const standardStreams: Stream = {
  read: (buffer) => Deno.stdin.read(buffer),
  write: (bytes) => Deno.stdout.write(bytes),
  close: () => {},
};

export async function run(args: string[], calledAs: string): Promise<number> {
  const options = await parseOptions(args, calledAs);
  if (options === null) return 0;
  const settings = new SmtpSettings(
    options,
    (line) => console.error(`${calledAs}: ${line}`),
  ).forSession(ownEnvironment());
  if (settings.type === "unreadable") {
    await Deno.stdout.write(toBytes(unreadableControls));
    return 1;
  }
  const session = new Session(settings.config);
  return await drive(
    standardStreams,
    session,
    settings.target,
    settings.timeoutSeconds,
  );
}
