/**
 * postern top: what a gate is doing now, in a terminal.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { reason } from "../lib/base/reason.ts";
import { requestIn, type Syntax, wrongUsage } from "../lib/cli/command_line.ts";
import { flag, sections, value, ValueError } from "../lib/cli/option.ts";
import { print } from "../lib/cli/output.ts";
import { number, path } from "../lib/cli/readers.ts";
import { readAs, valuesOf } from "../lib/cli/values.ts";
import { fetchFacts } from "../lib/metrics/client.ts";
import { placeOf, placeText } from "../lib/metrics/place.ts";
import { coloured, plain, screen } from "../lib/metrics/terminal.ts";
import { readToken } from "../lib/metrics/token.ts";

const { groups, options } = sections({
  title: "Options",
  options: {
    token: value({
      long: "token",
      value: "file",
      help: "has the token that the gate wants",
      read: path,
      initial: null,
    }),
    every: value({
      long: "every",
      value: "seconds",
      help: "look again after so long",
      read: number(1, 3600),
      initial: 2,
    }),
    once: flag({
      long: "once",
      help: "look once, and end",
      manual: "As it does when stdout is no terminal.",
    }),
  },
});

const syntax: Syntax = {
  synopsis: ["[options] HOST:PORT|unix:PATH"],
  description: [
    "Shows what a gate is doing now: who is connected and since when, the last " +
    "minutes, recent refusals, limits and how near they are. The place is what " +
    "--metrics of the gate says.",
  ],
  groups,
  habits: { longOnly: true },
};

export const describe = () => syntax;

/** Clears the screen, and hides the cursor. */
const clear = "\x1b[H\x1b[2J\x1b[?25l";
const showCursor = "\x1b[?25h";

export async function run(args: string[], calledAs: string): Promise<number> {
  const request = requestIn(syntax, args, calledAs, ({ given, operands }) => {
    const [place, ...more] = operands;
    if (place === undefined || more.length > 0) {
      throw wrongUsage(calledAs, "HOST:PORT or unix:PATH is all it takes");
    }
    return {
      ...valuesOf(options, given),
      place: readAs("the place", place, placeIn),
    };
  });
  if (request === null) return 0;
  const { place, token: file, every, once } = request;
  const token = file === null ? null : readToken(file);
  const look = async () => {
    try {
      return await fetchFacts(place, token);
    } catch (error) {
      throw new Fatal(
        111,
        `unable to ask ${placeText(place)}: ${reason(error)}`,
      );
    }
  };
  const isTerminal = Deno.stdout.isTerminal();
  const colours = isTerminal && !Deno.env.get("NO_COLOR") ? coloured : plain;
  if (once || !isTerminal) {
    const all = { rows: Infinity, columns: Infinity };
    print(...screen(await look(), all, colours));
    return 0;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      print(showCursor);
      Deno.exit(0);
    });
  }
  try {
    let facts = await look();
    for (let trouble = "";;) {
      const { rows, columns } = terminalSize();
      const size = { rows: trouble === "" ? rows : rows - 1, columns };
      const lines = screen(facts, size, colours);
      if (trouble !== "") {
        lines.unshift(colours.alarm(trouble.slice(0, columns)));
      }
      print(clear + lines.join("\n"));
      await new Promise((over) => setTimeout(over, every * 1000));
      trouble = "";
      try {
        facts = await look();
      } catch (error) {
        trouble = (error as Error).message; // it may be started again
      }
    }
  } finally {
    print(showCursor);
  }
}

/** Some terminals, as over a serial line, do not know theirs: it is 0. */
function terminalSize(): { rows: number; columns: number } {
  const { rows, columns } = Deno.consoleSize();
  return { rows: rows || 24, columns: columns || 80 };
}

function placeIn(text: string) {
  const place = placeOf(text);
  if (place === null) {
    throw new ValueError("HOST:PORT (HOST an IP address) or unix:/PATH");
  }
  return place;
}
