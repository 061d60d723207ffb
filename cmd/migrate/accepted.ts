/**
 * Whether what is printed is what serve and smtpd accept, by their own tables.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import { spellingsIn } from "../../lib/cli/command_line.ts";
import { type Spelling, ValueError } from "../../lib/cli/option.ts";
import { scan, UsageError } from "../../lib/cli/scan.ts";
import type { Chain, Setting } from "../../lib/migrate/chain.ts";
import { type Remark, Untranslatable } from "../../lib/migrate/remark.ts";
import { literal, valueOf, written } from "../../lib/migrate/word.ts";
import { blocksIn } from "../../lib/process/config_file.ts";
import { parseRblsmtpd } from "../rblsmtpd_options.ts";
import { optionsFrom, syntax as serveSyntax, table } from "../serve_options.ts";
import { requestOf, syntax as smtpdSyntax } from "../smtpd/syntax.ts";

/** What stands for a value that only the shell knows, by what fits. */
const standIns = ["1", "/dev/null", "127.0.0.1", "stand-in", "1/1"];

/** Users and groups are looked up, and may be another machine's. */
const accounts = ["uid", "gid"];

/**
 * Has serve's and smtpd's tables read a chain.
 *
 * @returns what is not as it has to be on this machine
 * @throws Untranslatable that says what they do not accept
 */
export function checkLine(chain: Chain): Remark[] {
  const remarks: Remark[] = [];
  const serve = spellingsIn(serveSyntax), smtpd = spellingsIn(smtpdSyntax);
  const words = chain.serve.flatMap((each) => argsOf(each, serve, remarks));
  const smtpdWords = chain.smtpd?.flatMap((each) =>
    argsOf(each, smtpd, remarks)
  );
  try {
    const { given } = scan(serve, words);
    const place = chain.place;
    if (place !== null) {
      const program = chain.smtpd === null ? ["program"] : ["smtpd"];
      optionsFrom({ given, host: "0", port: "25", program });
    }
    if (smtpdWords) requestOf(smtpdWords, "postern smtpd");
    for (const { words: [name, ...args], isOurs } of chain.wrappers) {
      if (!isOurs || literal(name) !== "rblsmtpd") continue;
      parseRblsmtpd([...args.map((word) => valueOf(word) ?? "1"), "smtpd"]);
    }
  } catch (error) {
    const isWrong = error instanceof UsageError || error instanceof Fatal;
    if (!isWrong) throw error;
    throw new Untranslatable(
      chain.line,
      error.message.replace(/; see postern \w+ --help$/, ""),
    );
  }
  return remarks;
}

/** An option as the table reads it. Throws Untranslatable. */
function argsOf(
  { long, value, line }: Setting,
  spellings: readonly Spelling[],
  remarks: Remark[],
): string[] {
  if (value === null) return [`--${long}`];
  const spelling = spellings.find((each) => each.long === long)!;
  const text = valueOf(value) ?? standInFor(spelling);
  const why = whyNot(spelling, text);
  if (why === null) return [`--${long}`, text];
  if (accounts.includes(long)) {
    remarks.push({
      line,
      text: `--${long} ${written(value)}: ${why}, on this machine`,
      loses: false,
    });
    return [`--${long}`, "1"];
  }
  throw new Untranslatable(line, `--${long} ${written(value)}: ${why}`);
}

const standInFor = (spelling: Spelling): string =>
  standIns.find((each) => whyNot(spelling, each) === null) ?? standIns[0];

function whyNot({ read }: Spelling, text: string): string | null {
  try {
    read(text, false);
    return null;
  } catch (error) {
    if (error instanceof ValueError || error instanceof UsageError) {
      return error.message;
    }
    // Of a user or a group, which is looked up at once.
    if (error instanceof Fatal) return error.message.replace(/^.*: /s, "");
    throw error;
  }
}

/** The same of a whole file. Throws Fatal. */
export async function checkConfig(name: string, text: string): Promise<void> {
  const { chainOf } = await import("../serve/chain.ts");
  for (const { given, where, ...block } of blocksIn(name, text, table)) {
    try {
      optionsFrom({
        ...block,
        given: given.map((each) =>
          accounts.includes(each.long) ? { ...each, text: "1" } : each
        ),
      });
      const { smtpd } = await chainOf(block.program, true);
      if (smtpd !== null) requestOf(smtpd.args, smtpd.calledAs);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new Fatal(100, `${where}: ${error.message}`);
    }
  }
}
