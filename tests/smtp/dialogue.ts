/**
 * Transcripts of SMTP sessions in text files:
 *
 *     # why this is worth a file
 *     options: classic databytes=40
 *     S: what the server says
 *     C: what the client says, CRLF added
 *     C| bytes of the client, nothing added
 *     M: what was queued: from <sender> to <recipient> <recipient>
 *     M| a line of its text, without the trace lines
 *     exit: 0
 *
 * Where TLS starts (`offers=startTls`), what was sent ahead is lost, so such a
 * dialogue is only run in step.
 *
 * In C, M and options, `\r`, `\n`, `\0`, `\xff` and `\\` stand for bytes, and
 * `\{1000 x}` for a thousand times x.
 *
 * @module
 */
import { noOffers } from "../../lib/smtp/commands.ts";
import type { SessionConfig } from "../../lib/smtp/session.ts";
import type { Refusal } from "../../lib/mail/answers.ts";
import { isPostmaster } from "../../lib/mail/postmaster.ts";
import { type Answers, type Run, testConfig } from "./run.ts";

export interface Dialogue {
  config: SessionConfig;
  answers: Answers;
  /** Whether it depends on how its input is cut. */
  stepOnly: boolean;
  /** The client's bytes, as they are cut in the file, and the replies. */
  turns: { says: string; replies: string }[];
  queued: string;
  exitCode: number;
}

const escapes: Record<string, string> = {
  r: "\r",
  n: "\n",
  "0": "\0",
  "\\": "\\",
};

function unescaped(text: string): string {
  return text.replace(
    /\\(?:\{(\d+) (.*?)\}|x([0-9a-f]{2})|(.))/g,
    (_, count, what, hex, char) => {
      if (count) return what.repeat(Number(count));
      if (hex) return String.fromCharCode(parseInt(hex, 16));
      if (!(char in escapes)) throw new Error(`no escape \\${char}`);
      return escapes[char];
    },
  );
}

/** A refusal in these words, `_` for blanks. */
const never = (words: string): Refusal => ({
  type: "never",
  code: 550,
  enhanced: "5.7.1",
  text: words.replaceAll("_", " "),
});

function readOptions(line: string, dialogue: Dialogue): void {
  for (const word of line.split(" ")) {
    const [name, value = ""] = word.split(/=(.*)/s);
    const { config } = dialogue;
    switch (name) {
      case "classic":
        dialogue.config = { ...config, classic: true };
        break;
      case "databytes":
        dialogue.config = { ...config, databytes: Number(value) };
        break;
      case "relayclient":
        dialogue.config = { ...config, relayClient: value };
        break;
      case "recipients":
      case "errors":
      case "harmlessCommands":
      case "recipientBytes":
      case "refusedRecipients":
      case "failedLogins":
      case "textLineBytes":
      case "hops": {
        const limits = { ...config.limits, [name]: Number(value) };
        dialogue.config = { ...config, limits };
        break;
      }
      case "qualifyWith":
        dialogue.config = { ...config, qualifyWith: value };
        break;
      case "localDomain": {
        const isLocalAddress = (ip: string) =>
          ["127.0.0.1", "::1"].includes(ip);
        const acceptsRecipientDomain = (domain: string) => domain === value;
        dialogue.config = { ...config, isLocalAddress, acceptsRecipientDomain };
        break;
      }
      case "postmasterAt": {
        const isOurs = (recipient: string) =>
          isPostmaster(recipient, (domain) => domain === value);
        dialogue.config = { ...config, isPostmaster: isOurs };
        break;
      }
      case "offers": {
        const named = Object.fromEntries(
          value.split(",").map((each) => [each, true]),
        );
        dialogue.config = { ...config, offers: { ...noOffers, ...named } };
        dialogue.stepOnly = "startTls" in named;
        break;
      }
      case "encrypted": {
        const connection = { ...config.connection, encrypted: true };
        dialogue.config = { ...config, connection };
        break;
      }
      case "asks":
        dialogue.config = { ...config, asks: true };
        break;
      case "nobody":
        dialogue.config = { ...config, asks: true };
        dialogue.answers.nobody = value;
        break;
      case "user":
        dialogue.answers.login = { type: "user", name: value };
        break;
      case "login":
        dialogue.answers.login = { type: "later" };
        break;
      case "refused":
        dialogue.answers.answered = never(value);
        break;
      case "opened":
      case "committed":
      case "answered":
        dialogue.answers[name] = {
          type: "later",
          code: 452,
          enhanced: "4.3.1",
          text: value.replaceAll("_", " "),
        };
        break;
      case "rejected":
        dialogue.answers.committed = never(value);
        break;
      case "end":
      case "timeout":
      case "shutDown":
        dialogue.answers.leaving = name;
        break;
      default:
        throw new Error(`no option ${name}`);
    }
  }
}

export function parseDialogue(file: string): Dialogue {
  const dialogue: Dialogue = {
    config: testConfig,
    answers: { leaving: "stay" },
    stepOnly: false,
    turns: [{ says: "", replies: "" }],
    queued: "",
    exitCode: NaN,
  };
  for (const line of file.trimEnd().split("\n")) {
    const turn = dialogue.turns.at(-1)!;
    const rest = line.slice(3);
    if (line.startsWith("#")) continue;
    else if (line.startsWith("options: ")) readOptions(line.slice(9), dialogue);
    else if (line.startsWith("S: ")) turn.replies += `${rest}\r\n`;
    else if (/^C[:|]/.test(line)) {
      const says = unescaped(rest) + (line[1] === ":" ? "\r\n" : "");
      dialogue.turns.push({ says, replies: "" });
    } else if (/^M[:|]/.test(line)) dialogue.queued += unescaped(line) + "\n";
    else if (line.startsWith("exit: ")) {
      dialogue.exitCode = Number(line.slice(6));
    } else throw new Error(`not a line of a dialogue: ${line}`);
  }
  return dialogue;
}

/** What was queued, in the form of M lines. */
export function queuedLines({ stored }: Run): string {
  return stored.map(({ envelope, message }) => {
    const recipients = envelope.recipients.map((each) => `<${each}>`).join(" ");
    const text = message.replace(/^Received: .*\r?\n {2}by .*\r?\n/, "");
    const lines = text.split("\n").slice(0, -1);
    return `M: from <${envelope.sender}> to ${recipients}\n` +
      lines.map((line) => line === "" ? "M|\n" : `M| ${line}\n`).join("");
  }).join("");
}
