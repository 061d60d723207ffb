/**
 * Long texts on a terminal, through the program by which its user reads such.
 *
 * @module
 */
import { print } from "./output.ts";

/** less: ends where the text fits the screen, and leaves it there. */
const usualLess = "FRX";

/**
 * Shows a text through $MANPAGER, $PAGER or less; where there is none of them,
 * or stdout is no terminal, it is printed.
 *
 * @param forPager the same text, if a pager takes more than plain letters
 */
export async function page(plain: string, forPager = plain): Promise<void> {
  if (!Deno.stdout.isTerminal() || !await throughPager(forPager)) print(plain);
}

/** @returns whether there was one */
async function throughPager(text: string): Promise<boolean> {
  const pager = Deno.env.get("MANPAGER") || Deno.env.get("PAGER") || "less";
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", pager],
    env: { LESS: Deno.env.get("LESS") ?? usualLess },
    stdin: "piped",
  }).spawn();
  // Control-C is for the pager; it would go on without us.
  const ignore = () => {};
  Deno.addSignalListener("SIGINT", ignore);
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(`${text}\n`));
    await writer.close();
  } catch {
    // Its reader has seen enough.
  }
  const { code } = await child.status;
  Deno.removeSignalListener("SIGINT", ignore);
  return code !== notExecutable && code !== notFound;
}

/** What a shell ends with whose command cannot be run (POSIX, 2.8.2). */
const notExecutable = 126, notFound = 127;
