from basculec.cli import main

raise SystemExit(main())
