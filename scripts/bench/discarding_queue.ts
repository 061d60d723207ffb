/**
 * A queue program for qmail-smtpd that costs as little as a program can.
 *
 * @module
 */
import { run } from "./contestant.ts";

/** In C: reads what it is given and says yes. */
const source = `
#include <unistd.h>
int main(void) {
  static char bytes[65536];
  while (read(0, bytes, sizeof bytes) > 0) ;
  while (read(1, bytes, sizeof bytes) > 0) ;
  return 0;
}`;

/** Builds it; returns its path. */
export async function discardingQueue(folder: string): Promise<string> {
  await Deno.writeTextFile(`${folder}/queue.c`, source);
  await run("gcc", ["-O2", "-o", `${folder}/queue`, `${folder}/queue.c`]);
  return `${folder}/queue`;
}
