py -m venv C:\Octopus\venv
$wheel = (Get-ChildItem .\octopus_ecotron-*.whl).FullName
C:\Octopus\venv\Scripts\pip install "$wheel[publisher]"
New-Item -ItemType Directory -Force C:\ProgramData\Octopus
icacls C:\ProgramData\Octopus /inheritance:r /grant "SYSTEM:(OI)(CI)F" "Administrators:(OI)(CI)F" "LOCAL SERVICE:(OI)(CI)M"
# octopus.toml, password and ca.crt go there; then check, and start with the machine:
C:\Octopus\venv\Scripts\octopus doctor --config C:\ProgramData\Octopus\octopus.toml
$action = New-ScheduledTaskAction -Execute C:\Octopus\venv\Scripts\python.exe `
  -Argument "-m publisher --config C:\ProgramData\Octopus\octopus.toml" -WorkingDirectory C:\ProgramData\Octopus
$trigger = New-ScheduledTaskTrigger -AtStartup
$settings = New-ScheduledTaskSettingsSet -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1) `
  -ExecutionTimeLimit 0 -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries
$who = New-ScheduledTaskPrincipal -UserId "LOCAL SERVICE" -LogonType ServiceAccount
Register-ScheduledTask -Force -TaskName "Octopus publisher" -Action $action -Trigger $trigger -Settings $settings -Principal $who
Start-ScheduledTask "Octopus publisher"
