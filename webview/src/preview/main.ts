import "../shared/theme.css";
import "katex/dist/katex.min.css";
import { connect } from "../shared/bridge.ts";

const bridge = connect();
bridge.ready();
