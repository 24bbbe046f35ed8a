import { createContext, use } from "react";
import type { AskOptions } from "./controller";
import { defaultOptions } from "./options";

interface OptionsValue {
  options: AskOptions;
  set: (part: Partial<AskOptions>) => void;
}

export const OptionsContext = createContext<OptionsValue>({ options: defaultOptions, set: () => {} });
export const useOptions = () => use(OptionsContext);
