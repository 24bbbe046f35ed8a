import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { client, sessionQuery } from "./api/queries";
import { setRequestLanguage } from "./api/http";
import { loadCatalogue, preferredLanguage } from "./i18n";
import { App } from "./shell/App";
import "./styles/tokens.css";
import "./styles/components.css";
import "./styles/screens.css";
import "./styles/app.css";

const language = preferredLanguage();
setRequestLanguage(language);
// Asked for before anything is drawn: the answer comes while the words do.
void client.prefetchQuery(sessionQuery);

const place = document.getElementById("root");
if (!place) throw new Error("index.html has no #root");
const catalogue = await loadCatalogue(language);
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App first={{ language, catalogue }} />
    </QueryClientProvider>
  </StrictMode>,
);
