/** Words that stand for a time zone after a stamp, but name no single offset, or none that a standard defines. */

export const UNCLEAR_ZONE_WORDS: readonly string[] = [
  ...'CET CEST EET EEST WET WEST MET MEST BST IST MSK MSD TRT SAST CAT WAT EAT GST'.split(' '),
  ...'PKT NPT BDT ICT WIB WITA WIT SGT MYT HKT PHT JST KST ULAT YEKT OMST KRAT IRKT VLAT'.split(' '),
  ...'AWST ACST ACDT AEST AEDT NZST NZDT CHST HST AKST AKDT AST ADT NST NDT BRT BRST ART CLT CLST COT'.split(
    ' ',
  ),
]
