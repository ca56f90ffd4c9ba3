import { foldText } from "../fold.js";
import { isFirstName, isLastName } from "./name-lists.js";
import type { Validator } from "./validator.js";

/** Capitalised words that begin sentences and name parts of software, days, products and places: with one of them it is no one's name. */
const NO_NAME: ReadonlySet<string> = new Set(
  (
    "the this that these those a an and or but not no yes if then else when while where why how what which who all any none some each every other both few more most such same so than too very just " +
    "task tasks job jobs project projects file files label labels export exports import imports input inputs output new old error errors failed success successful not found unable invalid missing user users member members admin administrator system " +
    "server servers client clients service services default data dataset datasets event events report reports dashboard internal external bad request requests response gateway timeout time out connection connections database query table tables column columns row rows key keys value values type types name names " +
    "google amazon microsoft azure cloud storage aws linux windows ubuntu debian python java javascript node docker kubernetes chrome firefox safari edge internet explorer opera android apple intel nvidia redis nginx apache celery flask django react angular mozilla webkit " +
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november december mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep oct nov dec " +
    "diffgram annotation annotations instance instances model models version versions api http https json xml sql rabbitmq postgres postgresql team group groups role roles permission permissions account accounts billing email mail phone address password login logout signup " +
    "walrus frontend backend eventhandlers production staging test tests testing development id ids please check checks see click open close run running start started stop stopped create created creating update updated updating delete deleted deleting remove removed add added load loaded loading save saved upload uploaded uploading download downloaded downloading retry retried " +
    "one two three four five six seven eight nine ten first second third last next previous queue queues worker workers manager management review reviewer reviews annotator annotators pipeline pipelines stage stages step steps page pages list lists view views image images video videos text audio frame frames box boxes polygon polygons mask masks point points line lines " +
    "north south east west center central street road avenue lane drive court square place park city town county state country united states kingdom new york san los angeles great britain european union bank university hospital school college institute company corporation limited inc ltd gmbh llc foundation department office center centre research " +
    "string integer number boolean float double object array null undefined true false none exception traceback warning warnings info debug trace fatal critical notice alert status state code codes message messages log logs level config configuration settings setting option options parameter parameters property properties attribute attributes class classes method methods function functions module modules package packages library libraries " +
    "pull push merge branch commit release build deploy deployment container pod node cluster network host port path directory folder disk memory cpu gpu process thread session cookie token secret certificate signature hash encoding format size length limit quota rate usage count total average maximum minimum " +
    "required optional empty blank unknown hidden redacted masked field fields mandatory " +
    "dear hello hi hey thanks thank regards best kind warm good morning afternoon evening re fwd cc to from subject date sent received attached attachment note notes comment comments question answer help support contact customer customers patient patients doctor nurse sir madam mr mrs ms dr prof herr frau " +
    "red green blue yellow orange black white gray grey brown purple pink dark light high low medium small large big long short left right top bottom front back upper lower in on at by for with about after before during between into over under until since of is are was were be been being has have had do does did can could will would shall should may might must " +
    "visual studio data science machine learning deep neural object detection segmentation classification training validation batch epoch loss accuracy precision recall confidence score bounding ground truth quality assurance control access security policy rule rules audit compliance legal privacy terms conditions"
  ).split(/\s+/),
);

/** Words that only follow or precede people. */
const PARTICLE = /^(?:van|von|de|der|den|da|di|la|le|del|della|dos|das|do|du|el|al|bin|ibn|ben|ter|ten|zu|zur|y|e|af|av)$/iu;

/** Every word of the name could be one; the pattern's own words have said that a person stands there. */
export const personName: Validator = (match) => {
  const words = wordsOf(match.groups.find((group) => group !== "") ?? match.text);
  return words.length > 0 && words.every(isPossible);
};

/** No word says that a person stands here, so a given name must, before any other word: `Dana Whitfield`; or after a family name: `Whitfield, Dana`. */
export const listedName: Validator = (match, text) => {
  // The pattern takes so many words and then begins anew: a row of capitals may part a first name from its last.
  const next = /^,? (?:(?:van|von|de|der|den|da|di|la|del|dos|al|el|bin) )*\p{Lu}[\p{L}'’-]+/u.exec(
    text.slice(match.index + match.text.length, match.index + match.text.length + 64),
  );
  const words = wordsOf(match.text + (next?.[0] ?? ""));
  // Names in code and in settings are joined, not spaced: what touches a sign of code is no prose.
  const around = (text[match.index - 1] ?? " ") + (text[match.index + match.text.length] ?? " ");
  if (/[\w/\\=<>{}@#$-]/.test(around)) return false;
  return words.some((word, index) => {
    const next = words[index + 1];
    if (next === undefined || !isPossible(word) || !isPossible(next)) return false;
    return (isFirstName(word) && (isLastName(next) || isFirstName(next) || next.length > 3)) || (isLastName(word) && isFirstName(next));
  });
};

/** At least one word is known as a name, where the words around it are weak (`from`, `by`, `for`). */
export const likelyName: Validator = (match) => {
  const words = wordsOf(match.groups.find((group) => group !== "") ?? match.text);
  return words.length > 0 && words.every(isPossible) && words.some((word) => isFirstName(word) || isLastName(word));
};

function wordsOf(name: string): readonly string[] {
  return name.split(/[\s,]+/).filter((word) => word !== "" && !PARTICLE.test(word));
}

function isPossible(word: string): boolean {
  const plain = foldText(word)
    .replace(/['’]s$/, "")
    .replace(/[^\p{L}]/gu, "");
  return plain.length > 0 && !NO_NAME.has(plain) && !(/^\p{Lu}{2,}$/u.test(word) && word.length < 3);
}
