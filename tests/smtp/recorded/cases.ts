/**
 * The sessions that scripts/record.ts has with qmail-smtpd.
 *
 * @module
 */
import { addressCases } from "./address_cases.ts";
import type { Case } from "./case.ts";
import { usualControl } from "./case.ts";
import { commandCases } from "./command_cases.ts";
import { controlCases } from "./control_cases.ts";
import { textCases } from "./text_cases.ts";
import { traceCases } from "./trace_cases.ts";

export const cases: readonly Case[] = [
  ...commandCases,
  ...addressCases,
  ...controlCases,
  ...traceCases,
  ...textCases,
].map((each) => ({
  ...each,
  control: each.control ?? usualControl,
  env: each.env ?? {},
}));
