/**
 * Services of init-script that start an executable.
 *
 * @module
 */
import { fromBytes } from "../lib/base/bytes.ts";
import { Fatal } from "../lib/base/fatal.ts";
import { readRecords, recordsFolder } from "../lib/service/record.ts";

/**
 * Without their executable they would fail at the next boot, and nobody could
 * take them away any more.
 *
 * @throws Fatal
 */
export function refuseWhereStarted(executable: string): void {
  // Records are root's; whoever else asks has an executable of their own.
  if (Deno.uid() !== 0) return;
  const names = readRecords("").filter(({ items }) =>
    items.some((item) =>
      item.kind === "line"
        ? item.text.includes(executable)
        : item.kind === "file" && item.put.kind === "file" &&
          fromBytes(item.put.bytes).includes(executable)
    )
  ).map(({ name }) => name);
  if (names.length === 0) return;
  const [verb, many] = names.length === 1
    ? ["starts", "service"]
    : ["start", "services"];
  const commands = names.map((name) =>
    `postern init-script --uninstall --name ${name}`
  );
  throw new Fatal(
    100,
    `unable to uninstall: the ${many} ${names.join(", ")} ${verb} ` +
      `${executable} (${recordsFolder}); first ${commands.join(" and ")}`,
  );
}
