// What is typed and not yet sent survives a reload, a crash, a lost session.
import { readStored, writeStored } from "@/ui/stored";

export const readDraft = (key: string): string => readStored(`draft.${key}`) ?? "";
export const writeDraft = (key: string, text: string): void => writeStored(`draft.${key}`, text);
