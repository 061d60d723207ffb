/**
 * A guide, done: its commands are typed on a machine of a test's own, and what
 * they print is compared with what the guide says. In guides/*.md
 *
 *     ```sh               is typed, and has to succeed
 *     ```sh exits 1       is typed, and ends so
 *     ```text             behind one of these is what it prints; ... is anything
 *     ```sh elsewhere     takes what a test has not: a reboot, the world's DNS
 *     ```text elsewhere   is what that prints, or something to look at
 *     ```toml /etc/x      is the text of a file, whatever its language
 *     <!-- here: NAME --> is where the test does what the world would do
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Booted } from "./booted_systemd.ts";

type Step =
  | { readonly type: "type"; readonly text: string; readonly exits: number }
  | { readonly type: "prints"; readonly text: string }
  | { readonly type: "file"; readonly path: string; readonly text: string }
  | { readonly type: "elsewhere"; readonly text: string }
  | { readonly type: "here"; readonly name: string };

const folder = new URL("../../guides/", import.meta.url);

/** The steps of a guide. Throws where one could not be understood. */
export function stepsOf(markdown: string): Step[] {
  const parts = markdown.matchAll(
    /^```(.*)\n([\s\S]*?)^```$|^<!-- here: (.*) -->$/gm,
  );
  return [...parts].map(([, info, text, name]): Step => {
    if (name !== undefined) return { type: "here", name };
    const [language, ...rest] = info.split(" ");
    const [word = ""] = rest;
    if (word === "elsewhere") return { type: "elsewhere", text };
    if (word.startsWith("/")) return { type: "file", path: word, text };
    if (language === "text" && word === "") return { type: "prints", text };
    if (language === "sh" && (word === "" || word === "exits")) {
      return { type: "type", text, exits: Number(rest[1] ?? 0) };
    }
    throw new Error(`nobody knows what to do with \`\`\`${info}`);
  });
}

/** Whether a text is what a guide says, where ... may stand for anything. */
export function isAsSaid(text: string, said: string): boolean {
  const patterns = said.trim().split("\n").map((line) =>
    line.trim() === "..." ? "(?:.*\\n)*" : line.trimEnd().split("...").map(
      (part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    ).join(".*") + "\\n"
  );
  const plain = text.trim().replace(/[ \t]+$/gm, "");
  return new RegExp(`^${patterns.join("")}$`).test(`${plain}\n`);
}

/** By the names of the guide: what the world would do there. */
export type Here = Readonly<
  Record<string, (booted: Booted) => Promise<unknown>>
>;

/**
 * Does all that a guide says, in /root.
 *
 * @param until the heading before which it stops
 * @returns the first line of each block that is for elsewhere
 */
export async function follow(
  name: string,
  booted: Booted,
  here: Here = {},
  until = "\0",
): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(name, folder));
  const [markdown] = text.split(`\n${until}`);
  const elsewhere: string[] = [];
  let printed = "", typed = "";
  for (const step of stepsOf(markdown)) {
    switch (step.type) {
      case "type": {
        typed = step.text;
        const { code, text } = await type(booted, typed);
        if (code !== step.exits) {
          throw new Error(`${name}: exit ${code} of\n${typed}${text}`);
        }
        printed = text;
        break;
      }
      case "prints":
        // The difference is easier to see in whole texts.
        if (!isAsSaid(printed, step.text)) {
          assertEquals(printed, step.text, `${name}: ${typed}`);
        }
        break;
      case "file":
        await booted.write(step.path, step.text);
        break;
      case "elsewhere":
        elsewhere.push(step.text.split("\n")[0]);
        break;
      case "here":
        await here[step.name](booted);
    }
  }
  return elsewhere;
}

/** As somebody at a terminal would, who reads stdout and stderr as one. */
async function type(
  booted: Booted,
  text: string,
): Promise<{ code: number; text: string }> {
  const { code, stdout } = await booted.run(
    ...["env", "-i", "HOME=/root", "TERM=dumb", "LANG=C.UTF-8", "COLUMNS=80"],
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...["bash", "-ec", `exec 2>&1 </dev/null; cd /root; ${text}`],
  );
  // A terminal shows no CR.
  return { code, text: stdout.replaceAll("\r", "") };
}
