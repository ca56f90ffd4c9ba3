import type { Validator } from "./validator.js";

/** Capitalised words that begin sentences and name parts of software: two of them are no one's name. */
const NO_NAME: ReadonlySet<string> = new Set(
  (
    "the this that task tasks job jobs project file files label labels export import input new error failed success not found unable invalid missing user users member admin system " +
    "server client service default data dataset event report dashboard internal external bad request gateway timeout connection database query table column key value type name " +
    "google amazon microsoft azure cloud storage aws linux windows ubuntu debian python java node docker kubernetes chrome firefox safari monday tuesday wednesday thursday friday saturday sunday " +
    "january february march april may june july august september october november december diffgram annotation annotations instance instances model version api http https json xml sql rabbitmq postgres team group role " +
    "walrus frontend backend eventhandlers production staging test id please check see all any none some one two three four five queue worker manager review reviewer annotator pipeline stage step"
  ).split(" "),
);

/** Every word of the name could be one. */
export const personName: Validator = (match) => {
  const name = match.groups.find((group) => group !== "") ?? match.text;
  const words = name.split(/[\s]+/).filter((word) => word !== "");
  return words.length > 0 && words.every((word) => !NO_NAME.has(word.toLowerCase().replace(/[^\p{L}]/gu, "")) && !/^\p{Lu}{3,}$/u.test(word));
};
