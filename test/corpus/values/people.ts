import type { Split } from "../labelled-case.js";
import type { Rng } from "../random.js";

/** Invented people: given and family names that are common in a country, drawn apart, so that a pair means nobody. */
interface Names {
  readonly given: readonly string[];
  readonly family: readonly string[];
}

const OPEN: Readonly<Record<string, Names>> = {
  "en-US": names(
    "Dana Megan Tyler Rachel Brandon Ashley Kevin Heather Jason Lauren Derek Monica",
    "Whitfield Harmon Caldwell Brennan Pruitt Mercer Holloway Sutton Barrett Lindqvist Garrison Boyd",
  ),
  "en-GB": names(
    "Oliver Gemma Alistair Harriet Callum Imogen Rupert Fiona Nigel Bethany",
    "Ashworth Pemberton Thornton Hargreaves Whitaker Blackwood Cartwright Fairfax Ellison Penrose",
  ),
  "de-DE": names(
    "Jürgen Sabine Matthias Anke Florian Katrin Uwe Heike Lukas Annika",
    "Müller Schneider Hoffmann Krämer Vogel Böhm Lehmann Kaiser Brandt Winkler",
  ),
  "fr-FR": names(
    "Amélie Guillaume Sylvie Thierry Camille Étienne Margaux Bastien Élodie Jérôme",
    "Dubois Lefebvre Moreau Girard Fournier Mercier Blanchard Chevalier Rousseau Perrin",
  ),
  "nl-NL": names(
    "Sanne Jeroen Maaike Bram Femke Joost Lotte Pieter Marieke Wouter",
    "Jansen Bakker Visser Smit Mulder Dekker Hendriks Vermeulen Kuipers Hoekstra",
  ),
  "es-ES": names(
    "Javier Lucía Álvaro Carmen Ignacio Beatriz Rodrigo Pilar Sergio Marta",
    "García Fernández Ortega Navarro Domínguez Iglesias Molina Serrano Castillo Herrera",
  ),
  "pl-PL": names(
    "Agnieszka Tomasz Katarzyna Paweł Magdalena Grzegorz Zofia Marcin",
    "Kowalski Nowak Wiśniewska Zieliński Kamiński Wójcik Lewandowski Mazur",
  ),
  "pt-BR": names(
    "Thiago Juliana Rafael Fernanda Gustavo Camila Leandro Patrícia",
    "Silva Oliveira Souza Pereira Almeida Ribeiro Carvalho Barbosa",
  ),
  "en-IN": names("Priya Rahul Ananya Vikram Deepika Arjun Kavita Sanjay", "Sharma Patel Reddy Iyer Banerjee Deshmukh Nair Kulkarni"),
  "zh-CN": names("Wei Xiaoming Jing Haoran Yuxin Mei Lei Yang", "Zhang Wang Liu Chen Zhao Huang Zhou Wu"),
};

const HELD_BACK: Readonly<Record<string, Names>> = {
  "en-IE": names("Aoife Ciarán Niamh Declan Sinéad Brendan Maeve Cormac", "Gallagher Doyle Murphy Byrne Kavanagh Nolan Brennan Fitzgerald"),
  "en-AU": names(
    "Bronwyn Lachlan Matilda Angus Kylie Bradley Jodie Warren",
    "Fraser Mitchell Gibson Hawkins Stanton Mackenzie Reeves Dalton",
  ),
  "sv-SE": names(
    "Ingrid Gustav Linnea Mattias Astrid Henrik Elin Fredrik",
    "Lindström Bergqvist Nyström Eklund Sandberg Holmgren Wallin Sjöberg",
  ),
  "it-IT": names(
    "Giulia Matteo Chiara Lorenzo Federica Alessandro Valentina Marco",
    "Ricci Colombo Marchetti Fontana Santoro Rinaldi Gallo Ferrari",
  ),
  "tr-TR": names("Ayşe Mehmet Elif Emre Zeynep Burak Fatma Murat", "Yılmaz Kaya Demir Çelik Şahin Öztürk Arslan Doğan"),
  "fi-FI": names("Aino Mikko Kaisa Juhani Riikka Antti Päivi Timo", "Virtanen Korhonen Nieminen Laine Heikkinen Salonen Mäkelä Lehtonen"),
  "ja-JP": names(
    "Kenji Yuki Haruka Takashi Sakura Hiroshi Naomi Daisuke",
    "Tanaka Suzuki Watanabe Yamamoto Nakamura Kobayashi Saito Matsumoto",
  ),
  "cs-CZ": names("Jana Petr Lenka Ondřej Tereza Pavel Veronika Jiří", "Novák Svoboda Dvořák Procházka Černý Veselý Horák Němec"),
};

export interface Person {
  readonly given: string;
  readonly family: string;
  readonly full: string;
  readonly locale: string;
}

export function person(rng: Rng, split: Split): Person {
  const table = split === "open" ? OPEN : HELD_BACK;
  const locale = rng.pick(Object.keys(table));
  const from = table[locale] ?? names("Dana", "Whitfield");
  const given = rng.pick(from.given);
  const family = rng.pick(from.family);
  return { given, family, full: `${given} ${family}`, locale };
}

/** Lower-case ASCII, as an account name or mailbox would be spelled. */
export function ascii(name: string): string {
  const plain = name.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  return plain
    .replaceAll("ł", "l")
    .replaceAll("ı", "i")
    .replaceAll("ø", "o")
    .toLowerCase()
    .replace(/[^a-z]/g, "");
}

const MAIL_DOMAINS: Readonly<Record<Split, readonly string[]>> = {
  open: [
    "acme-hospital.org",
    "example.com",
    "northfield-imaging.com",
    "imaging-north.io",
    "mail.acme-hospital.org",
    "meridianradiology.co.uk",
    "klinik-sued.de",
    "example.org",
  ],
  "held-back": [
    "lakeshoreclinic.net",
    "kita-clinic.co.jp",
    "vardcentralen-norr.se",
    "uni-lakeshore.edu",
    "postbox-nord.eu",
    "example.net",
    "ospedale-vista.it",
    "agri-fieldlab.com.au",
  ],
};

export function mailbox(rng: Rng, split: Split): { readonly local: string; readonly domain: string; readonly locale: string } {
  const who = person(rng, split);
  const [given, family] = [ascii(who.given), ascii(who.family)];
  const forms =
    split === "open"
      ? [`${given}.${family}`, given, `${given.charAt(0)}${family}`]
      : [`${family}_${given}`, `${given}-${family}`, `${given}${rng.int(2, 98)}`, `${given}.${family}+labeling`];
  return { local: rng.pick(forms), domain: rng.pick(MAIL_DOMAINS[split]), locale: who.locale };
}

function names(given: string, family: string): Names {
  return { given: given.split(" "), family: family.split(" ") };
}
